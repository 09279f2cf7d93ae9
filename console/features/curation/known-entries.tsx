import type { Known } from '../../api/curation.js';
import { signalName } from '../../lib/signal-names.js';
import { knownInWords } from './curation-words.js';

/** What the lists hold already that is the same or near; which entries, only to those who may know. */
export function KnownEntries({ known: { total, entries = [] } }: { readonly known: Known }) {
  return (
    <div className="text-sm">
      <p>{knownInWords(total)}</p>
      {entries.length > 0 && (
        <ul className="mt-1.5 space-y-1 text-ink-2 text-xs">
          {entries.map(({ list, entry, signal, distance }) => (
            <li key={`${list}/${entry}`} className="break-all">
              <code className="font-mono">{entry}</code> of {list}: {signalName(signal)}
              {distance > 0 ? `, distance ${distance}` : ', the same'}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
