import { Link } from '@tanstack/react-router';

const PAGES = [
  ['/', 'Scan'],
  ['/cases', 'Cases'],
  ['/actions', 'Actions'],
  ['/platforms', 'Platforms'],
  ['/curation', 'Curation'],
  ['/sources', 'Sources'],
  ['/finds', 'Finds'],
  ['/publishing', 'Publishing'],
  ['/policy', 'Policy'],
] as const;

/** The parts of the page. */
export function Navigation() {
  return (
    <nav aria-label="Pages" className="min-w-0">
      <ul className="flex flex-wrap md:gap-1">
        {PAGES.map(([to, title]) => (
          <li key={to}>
            <Link
              to={to}
              activeOptions={{ exact: true }}
              className="inline-flex h-8 items-center whitespace-nowrap rounded-lg px-1.5 text-[0.8125rem] text-ink-2 transition-colors md:px-2.5 md:text-sm hover:bg-ink/6 hover:text-ink focus-visible:-outline-offset-2 aria-[current=page]:bg-ink/6 aria-[current=page]:font-medium aria-[current=page]:text-ink"
            >
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
