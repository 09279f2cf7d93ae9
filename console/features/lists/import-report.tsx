import type { ImportResult, ReasonCounts } from '../../api/types.js';
import { count, counted, lines } from '../../lib/in-words.js';
import { Icon } from '../../ui/icon.js';
import { reasonInWords } from './report-words.js';

/** What became of the records of a list that was loaded. */
export function ImportReport({
  result: { list, version, entries, report, resumed },
}: {
  readonly result: ImportResult;
}) {
  const { records, accepted, rejectedRecords, duplicates, ignoredColumns } = report;
  return (
    <div className="space-y-4">
      <div role="status" className="flex gap-2.5 rounded-lg border border-line bg-sunken p-3">
        <Icon name="check" className="mt-0.5 size-4 text-good" />
        <p>
          <span className="font-medium">
            Version {version} of {list} is in force
          </span>
          <span className="block text-ink-2">
            {counted(entries, 'entry', 'entries')} to match against{resumed && ', begun by an import that was cut off'}.
          </span>
        </p>
      </div>
      <dl className="grid grid-cols-4 divide-x divide-line rounded-lg border border-line text-center">
        <Figure name="Records" value={records} />
        <Figure name="Accepted" value={accepted} />
        <Figure name="Rejected" value={rejectedRecords} warn />
        <Figure name="Duplicates" value={duplicates} />
      </dl>
      <Reasons title="Left out" reasons={report.rejected} />
      <Reasons title="Kept, but not matching" reasons={report.inactive} />
      <Reasons title="Duplicates" reasons={report.duplicate} />
      <Reasons title="Remarks" reasons={report.remarks} />
      {ignoredColumns.length > 0 && (
        <p className="text-ink-2 text-xs">Columns that were not used: {ignoredColumns.join(', ')}</p>
      )}
    </div>
  );
}

function Figure({
  name,
  value,
  warn = false,
}: {
  readonly name: string;
  readonly value: number;
  readonly warn?: boolean;
}) {
  return (
    <div className="flex flex-col-reverse px-2 py-2.5">
      <dt className="text-ink-3 text-xs">{name}</dt>
      <dd className={`font-semibold text-base ${warn && value > 0 ? 'text-unsure-ink' : ''}`}>{count(value)}</dd>
    </div>
  );
}

const LINES_SHOWN = 12;

function Reasons({ title, reasons }: { readonly title: string; readonly reasons: ReasonCounts }) {
  const rows = Object.entries(reasons);
  if (rows.length === 0) return null;
  return (
    <table className="w-full table-fixed text-left text-xs">
      <caption className="mb-1 text-left font-medium text-ink text-sm">{title}</caption>
      <thead className="text-ink-3">
        <tr className="border-line border-b">
          <th scope="col" className="w-1/2 py-1 pr-3 font-normal">
            Why
          </th>
          <th scope="col" className="w-16 py-1 pr-3 text-right font-normal">
            Count
          </th>
          <th scope="col" className="py-1 font-normal">
            Lines
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([reason, tally]) => (
          <tr key={reason} className="border-line border-b align-baseline last:border-0">
            <td className="py-1.5 pr-3">{reasonInWords(reason)}</td>
            <td className="py-1.5 pr-3 text-right">{count(tally.count)}</td>
            <td className="break-words py-1.5 font-mono text-ink-2">
              {lines(tally.lines, LINES_SHOWN, tally.count, tally.frames)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
