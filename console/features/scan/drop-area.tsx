import { useObservable } from '../../lib/observable.js';
import { classes } from '../../ui/classes.js';
import { Icon } from '../../ui/icon.js';
import { leftOut, takeFiles } from './incoming.js';
import { Samples } from './samples.js';
import { useWindowFiles } from './use-window-files.js';

/** Where media come in. */
export function DropArea() {
  const over = useWindowFiles();
  const note = useObservable(leftOut);
  return (
    <div
      className={classes(
        'rounded-2xl border border-dashed p-5 transition-colors sm:p-6',
        over ? 'border-accent bg-accent-wash' : 'border-line-strong bg-surface',
      )}
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
        <span className="grid size-11 place-items-center rounded-xl bg-accent-wash text-accent">
          <Icon name="upload" className="size-5" />
        </span>
        <div className="min-w-52 flex-1">
          <p className="font-medium">{over ? 'Let go to scan' : 'Drop pictures or videos anywhere, or paste one'}</p>
          <p className="text-ink-3 text-xs">
            They are compared with the lists and not kept. Shown blurred until you press.
          </p>
        </div>
        <label className="inline-flex h-9 cursor-pointer items-center justify-center rounded-lg bg-ink px-3.5 font-medium text-on-ink text-sm transition-colors hover:bg-ink/85 has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:outline-offset-2">
          Choose files
          <input
            type="file"
            multiple
            className="sr-only"
            onChange={({ target }) => {
              takeFiles(target.files);
              // The same file may be chosen again.
              target.value = '';
            }}
          />
        </label>
      </div>
      <p role="status" className="mt-3 rounded-lg bg-unsure-wash px-3 py-2 text-unsure-ink text-xs empty:hidden">
        {note}
      </p>
      <Samples />
    </div>
  );
}
