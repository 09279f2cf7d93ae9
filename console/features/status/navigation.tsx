import { Link } from '@tanstack/react-router';

const PAGES = [
  ['/', 'Scan'],
  ['/curation', 'Curation'],
  ['/sources', 'Sources'],
  ['/retro-match', 'Retro-match'],
  ['/publishing', 'Publishing'],
] as const;

/** The parts of the page. */
export function Navigation() {
  return (
    <nav aria-label="Pages" className="min-w-0 overflow-x-auto">
      <ul className="flex gap-1">
        {PAGES.map(([to, title]) => (
          <li key={to}>
            <Link
              to={to}
              activeOptions={{ exact: true }}
              className="inline-flex h-8 items-center whitespace-nowrap rounded-lg px-2.5 text-ink-2 transition-colors hover:bg-ink/6 hover:text-ink focus-visible:-outline-offset-2 aria-[current=page]:bg-ink/6 aria-[current=page]:font-medium aria-[current=page]:text-ink"
            >
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
