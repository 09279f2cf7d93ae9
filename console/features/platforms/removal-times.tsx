import { useQuery } from '@tanstack/react-query';
import { removalTimesQuery } from '../../api/enforcement-queries.js';
import type { StageTimes, RemovalTimes as Times } from '../../api/platforms.js';
import { counted, took } from '../../lib/in-words.js';
import { Disclosure } from '../../ui/disclosure.js';
import { STAGES } from './platform-words.js';

/** How long it takes from a shared item to its confirmed removal; what people decided about is not counted. */
export function RemovalTimes({ platform }: { readonly platform: string }) {
  const { data: spans } = useQuery(removalTimesQuery(platform));
  const latest = spans?.find(({ whole }) => whole.count > 0);
  if (spans === undefined || latest === undefined) {
    return spans && <p className="text-ink-3 text-xs">Nothing was removed by a rule in the last week.</p>;
  }
  const { span, whole } = latest;
  return (
    <div className="rounded-lg border border-line bg-sunken px-3 py-2.5">
      <p className="text-xs">
        <span className="font-medium">Seen to removed: half within {inWords(whole.p50)}</span>
        <span className="text-ink-2">
          , 99 % within {inWords(whole.p99)} · {counted(whole.count, 'removal')} in the last {span}
        </span>
      </p>
      <div className="mt-1.5">
        <Disclosure
          summary={
            <>
              By stage<span className="sr-only"> of removals on {platform}</span>
            </>
          }
        >
          <Stages spans={spans} platform={platform} />
        </Disclosure>
      </div>
    </div>
  );
}

const inWords = (seconds: number | null): string => (seconds === null ? '–' : took(seconds));

function Stages({ spans, platform }: { readonly spans: readonly Times[]; readonly platform: string }) {
  const rows: readonly (readonly [string, (of: Times) => StageTimes])[] = [
    ...Object.entries(STAGES).map(
      ([stage, words]) => [words, ({ stages }: Times) => stages[stage as keyof typeof STAGES]] as const,
    ),
    ['The whole way', ({ whole }) => whole],
  ];
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-left text-xs" aria-label={`Times of removals on ${platform}`}>
        <thead className="text-ink-3">
          <tr>
            <td />
            {spans.map(({ span }) => (
              <th key={span} colSpan={2} scope="colgroup" className="px-2 py-0.5 text-right font-normal">
                Last {span}
              </th>
            ))}
          </tr>
          <tr>
            <td />
            {spans.flatMap(({ span }) =>
              ['half', '99 %'].map((share) => (
                <th key={span + share} scope="col" className="px-2 py-0.5 text-right font-normal">
                  {share}
                </th>
              )),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map(([words, of]) => (
            <tr key={words} className="border-line border-t">
              <th scope="row" className="py-1 pr-2 font-normal text-ink-2">
                {words}
              </th>
              {spans.flatMap((each) =>
                (['p50', 'p99'] as const).map((share) => (
                  <td key={each.span + share} className="whitespace-nowrap px-2 py-1 text-right">
                    {inWords(of(each)[share])}
                  </td>
                )),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
