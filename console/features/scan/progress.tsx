import { bytes, clock } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { ProgressBar } from '../../ui/progress-bar.js';
import { pageScans } from './page-scans.js';
import type { Medium, Running } from './scan-queue.js';

interface ProgressProps {
  readonly id: number;
  readonly medium: Medium;
  readonly running: Running;
}

/** Below this nobody waits long enough to wonder. */
const WORTH_A_BAR = 1_000_000;

/** How far the scan of a large file or of a video is, with a way to stop it. */
export function Progress({ id, medium, running }: ProgressProps) {
  if (running.looked === undefined && medium.bytes.size < WORTH_A_BAR) return null;
  const { words, value } = inWords(running, medium.bytes.size);
  return (
    <div className="mt-2.5 max-w-md">
      <ProgressBar label={`Scan of ${medium.name}`} value={value} />
      <div className="mt-1.5 flex min-h-7 items-center justify-between gap-3 text-ink-2 text-xs">
        <p>{words}</p>
        <Button size="small" onClick={() => pageScans.cancelOne(id)} aria-label={`Cancel the scan of ${medium.name}`}>
          Cancel
        </Button>
      </div>
    </div>
  );
}

function inWords({ sent, looked }: Running, size: number): { words: string; value: number | null } {
  if (sent < size) return { words: `${bytes(sent)} of ${bytes(size)} sent`, value: sent / size };
  if (looked === undefined) return { words: `${bytes(size)} sent, being looked at`, value: null };
  const { pass, seconds, length } = looked;
  const of = length > 0 ? ` of ${clock(Math.round(length))}` : '';
  const words = `${pass === 'keys' ? 'Key frames first: ' : ''}${clock(Math.round(seconds))}${of} looked at`;
  return { words, value: length > 0 ? Math.min(1, seconds / length) : null };
}
