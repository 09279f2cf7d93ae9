const PATHS = {
  alert: 'M8 2 14.5 13.5h-13L8 2Zm0 4.2v3.4m0 1.9v.1',
  check: 'm3.5 8.5 3 3 6-7',
  chevron: 'm4.5 6.5 3.5 3.5 3.5-3.5',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-9v3l2 1.5',
  close: 'm4 4 8 8m0-8-8 8',
  equal: 'M3.5 6h9m-9 4h9',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6Z',
  hidden:
    'M2.5 2.5l11 11M6.3 3.8A6.3 6.3 0 0 1 8 3.5C12 3.5 14.5 8 14.5 8a11 11 0 0 1-2 2.5M4 5a11 11 0 0 0-2.5 3S4 12.5 8 12.5a6.5 6.5 0 0 0 3-.8',
  list: 'M5.5 4h8m-8 4h8m-8 4h8M2.5 4h.1m-.1 4h.1m-.1 4h.1',
  match: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-9v4m0 2v.1',
  minus: 'M4 8h8',
  picture: 'M2.5 3h11v10h-11V3Zm0 7.5 3-3 2.5 2.5 2-2 3.5 3M10.5 6h.1',
  plus: 'M8 3.5v9M3.5 8h9',
  question: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.3 6.3A1.8 1.8 0 1 1 8 8.6v.4m0 2.2v.1',
  return: 'M3 6.5h6.5a3.5 3.5 0 1 1 0 7H6M3 6.5 6 3.5M3 6.5l3 3',
  upload: 'M8 10.5v-8m0 0L5 5.5m3-3 3 3M2.5 10.5v3h11v-3',
} as const;

export type IconName = keyof typeof PATHS;

interface IconProps {
  readonly name: IconName;
  readonly className?: string;
}

/** A drawing beside words; it says nothing on its own. */
export function Icon({ name, className = 'size-4' }: IconProps) {
  return (
    <svg
      viewBox="0 0 16 16"
      className={`shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
