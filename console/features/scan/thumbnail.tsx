import { useEffect, useState } from 'react';
import { useObservable } from '../../lib/observable.js';
import { classes } from '../../ui/classes.js';
import { Icon } from '../../ui/icon.js';
import { revealed } from './revealed.js';

interface ThumbnailProps {
  readonly id: number;
  readonly name: string;
  readonly bytes: Blob;
}

/** A medium, small, grey and blurred, until somebody presses to see it. */
export function Thumbnail({ id, name, bytes }: ThumbnailProps) {
  const [address, setAddress] = useState<string>();
  const [unreadable, setUnreadable] = useState(false);
  const shown = useObservable(revealed) === id;
  useEffect(() => {
    const made = URL.createObjectURL(bytes);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);

  if (unreadable) {
    return (
      <div className="grid size-full place-items-center content-center gap-1 rounded-lg border border-line bg-sunken text-2xs text-ink-3">
        <Icon name="picture" className="size-5" />
        No preview
      </div>
    );
  }
  return (
    <button
      type="button"
      aria-pressed={shown}
      aria-label={`Show ${name}`}
      onClick={() => revealed.set(shown ? undefined : id)}
      className="group relative block size-full overflow-hidden rounded-lg border border-line bg-sunken"
    >
      {address !== undefined && (
        <img
          src={address}
          alt=""
          decoding="async"
          draggable={false}
          onError={() => setUnreadable(true)}
          className={classes('size-full', shown ? 'object-contain' : 'veiled object-cover')}
        />
      )}
      <span
        className={classes(
          'absolute inset-x-1.5 bottom-1.5 flex items-center justify-center gap-1 rounded-md bg-black/60 px-1.5 py-0.5 font-medium text-2xs text-white',
          shown && 'opacity-0 transition-opacity group-hover:opacity-100 group-focus-visible:opacity-100',
        )}
      >
        <Icon name={shown ? 'hidden' : 'eye'} className="size-3" />
        {shown ? 'Hide' : 'Show'}
      </span>
    </button>
  );
}
