import { Progress } from 'radix-ui';

interface ProgressBarProps {
  readonly label: string;
  /** 0 to 1; `null` while nobody knows. */
  readonly value: number | null;
}

export function ProgressBar({ label, value }: ProgressBarProps) {
  const percent = value === null ? null : Math.round(value * 100);
  return (
    <Progress.Root value={percent} aria-label={label} className="h-1.5 overflow-hidden rounded-full bg-ink/10">
      <Progress.Indicator
        className={`h-full origin-left rounded-full bg-accent transition-transform duration-200 ${percent === null ? 'animate-breathe' : ''}`}
        style={{ transform: `scaleX(${value ?? 1})` }}
      />
    </Progress.Root>
  );
}
