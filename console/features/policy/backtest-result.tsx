import type { Backtest } from '../../api/policies.js';
import { count, counted } from '../../lib/in-words.js';

const CHANGES = { 'only-before': 'No longer', 'only-after': 'New', otherwise: 'Otherwise' } as const;
const EXAMPLES = 3;

/** What a policy would have proposed for what was seen, beside the active one. */
export function BacktestResult({ report }: { readonly report: Backtest }) {
  const { looked, truncated, differing, against, before, after, differences } = report;
  const acts = [...new Set([...before.acts, ...after.acts].map(({ act }) => act))];
  const of = (side: Backtest['before'], act: string) => side.acts.find((each) => each.act === act)?.count ?? 0;
  return (
    <section aria-label="What it would have proposed" className="rounded-xl border border-line-strong p-4 text-sm">
      <p>
        {counted(looked, 'verdict')} {truncated && '(the newest; there are more) '}looked at. For{' '}
        {counted(differing, 'item')} other acts than by version {against}. Nothing was done.
      </p>
      {acts.length > 0 && (
        <table className="mt-3 w-full text-left">
          <thead className="text-ink-3 text-xs">
            <tr>
              <th scope="col">Act</th>
              <th scope="col">Version {against}</th>
              <th scope="col">This one</th>
            </tr>
          </thead>
          <tbody>
            {acts.map((act) => (
              <tr key={act}>
                <th scope="row" className="font-normal">
                  {act}
                </th>
                <td>{count(of(before, act))}</td>
                <td>{count(of(after, act))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <ul className="mt-3 space-y-1 text-ink-2">
        {differences.map(({ act, change, count: times, items }) => (
          <li key={`${change} ${act}`} className="break-words">
            {CHANGES[change]}: {act}, {counted(times, 'time')}; such as{' '}
            <span className="font-mono text-xs">{items.slice(0, EXAMPLES).join(', ')}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
