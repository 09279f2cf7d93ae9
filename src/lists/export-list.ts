import type { ByteSink } from '../index/byte-io.js';
import type { Entry, EntrySignal } from '../index/entry.js';
import { SIGNAL_TYPE_NAMES } from '../signals/signal-type.js';
import { signalType } from '../signals/signal-types.js';
import { vpdqHash, vpdqSeconds } from '../signals/vpdq/vpdq-frame.js';
import { formatVpdqItem } from '../signals/vpdq/vpdq-text.js';

export type ExportFormat = 'csv' | 'jsonl';

const HEADER = ['id', ...SIGNAL_TYPE_NAMES, 'quality', 'grade', 'kind', 'added', 'comment', 'member'];
const PIECE = 64 * 1024;

/**
 * Writes entries in a form that an import reads back to the same entries. CSV has one quality for all PDQ signals of an
 * entry, and neither opinions nor what tells derived signals; JSONL has all. Frames of videos are written as the JSON array of vPDQ, each with its quality and time.
 * @returns how many entries were written
 */
export async function exportEntries(
  entries: AsyncIterable<Entry>,
  sink: ByteSink,
  format: ExportFormat,
): Promise<number> {
  let text = format === 'csv' ? `${HEADER.join(',')}\n` : '';
  let count = 0;
  for await (const entry of entries) {
    text += `${format === 'csv' ? csvLine(entry) : jsonLine(entry)}\n`;
    count++;
    if (text.length < PIECE) continue;
    await sink.write(Buffer.from(text));
    text = '';
  }
  await sink.write(Buffer.from(text));
  return count;
}

function csvLine({ id, grade, kind, added, comment, member, signals }: Entry): string {
  const frames = framesOf(signals);
  const values = SIGNAL_TYPE_NAMES.map((name) =>
    signals
      .filter(({ type }) => type === name)
      .map(({ value }) => signalType(name).format(value))
      .join(' '),
  );
  if (frames.length > 0) values[SIGNAL_TYPE_NAMES.indexOf('vpdq')] = JSON.stringify(frames);
  const quality = signals.find((signal) => signal.type === 'pdq' && signal.quality !== undefined)?.quality;
  const date = added === undefined ? '' : new Date(added).toISOString();
  return [id, ...values, quality ?? '', grade ?? '', kind ?? '', date, comment ?? '', member ?? '']
    .map(quote)
    .join(',');
}

function quote(value: string | number): string {
  const text = String(value);
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function jsonLine({ id, grade, kind, added, comment, member, opinions, signals }: Entry): string {
  // A frame that we derived needs a place to say so.
  const frames = framesOf(signals.filter(({ derived }) => derived !== true));
  const others = signals.filter(({ type, derived }) => type !== 'vpdq' || derived === true);
  return JSON.stringify({
    id,
    grade,
    kind,
    added: added === undefined ? undefined : new Date(added).toISOString(),
    comment,
    member,
    opinions,
    signals: others.map(({ type, value, quality, derived }) => ({
      type,
      value: signalType(type).format(value),
      quality,
      derived,
    })),
    vpdq: frames.length > 0 ? frames : undefined,
  });
}

/** Each frame as the Python package writes one. An import takes none without a quality. */
function framesOf(signals: readonly EntrySignal[]): string[] {
  const frames = signals.filter(({ type }) => type === 'vpdq');
  return frames.map(({ value, quality = 100 }) =>
    formatVpdqItem({ pdq: vpdqHash(value), quality, seconds: vpdqSeconds(value) }),
  );
}
