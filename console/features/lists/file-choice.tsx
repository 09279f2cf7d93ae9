import { type DragEvent, useId, useState } from 'react';
import { bytes } from '../../lib/in-words.js';
import { classes } from '../../ui/classes.js';
import { Icon } from '../../ui/icon.js';

interface FileChoiceProps {
  readonly label: string;
  readonly hint: string;
  readonly error: string | undefined;
  readonly file: File | undefined;
  readonly onFile: (file: File) => void;
}

/** One file, by choice or by dropping it. */
export function FileChoice({ label, hint, error, file, onFile }: FileChoiceProps) {
  const id = useId();
  const [over, setOver] = useState(false);
  const take = (files: FileList | null): void => {
    const first = files?.[0];
    if (first !== undefined) onFile(first);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    // The page behind takes dropped pictures; this one is a list.
    event.stopPropagation();
    setOver(false);
    take(event.dataTransfer.files);
  };
  return (
    <div>
      <label
        htmlFor={id}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={classes(
          'flex cursor-pointer items-center gap-3 rounded-lg border border-dashed px-4 py-3.5 transition-colors hover:border-ink-3',
          'has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:outline-offset-2',
          over ? 'border-accent bg-accent-wash' : error === undefined ? 'border-line-strong' : 'border-match-ink',
        )}
      >
        <Icon name={file === undefined ? 'upload' : 'list'} className="size-5 text-ink-3" />
        <span className="min-w-0 flex-1">
          <span className="sr-only">{label}: </span>
          <span className="block truncate font-medium">{file?.name ?? 'Choose a file or drop it here'}</span>
          <span className="block text-ink-3 text-xs">{file === undefined ? hint : bytes(file.size)}</span>
        </span>
        {file !== undefined && <span className="text-accent text-xs">Change</span>}
        <input
          id={id}
          type="file"
          className="sr-only"
          aria-invalid={error !== undefined}
          aria-describedby={`${id}-error`}
          onChange={(event) => take(event.target.files)}
        />
      </label>
      <p id={`${id}-error`} className="mt-1.5 text-match-ink text-xs empty:hidden">
        {error}
      </p>
    </div>
  );
}
