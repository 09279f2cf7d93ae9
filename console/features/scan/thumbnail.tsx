import { type ReactNode, useEffect, useState } from 'react';
import { useObservable } from '../../lib/observable.js';
import { classes } from '../../ui/classes.js';
import { Icon } from '../../ui/icon.js';
import { FrameCanvas } from './frame-canvas.js';
import { revealed } from './revealed.js';
import { useFrames } from './use-frames.js';

interface ThumbnailProps {
  readonly id: number;
  readonly name: string;
  readonly bytes: Blob;
  /** For a video: the time of the frame that stands for it, in seconds. */
  readonly at: number;
}

/** Pixels of the longest side of a video's frame. */
const SIDE = 256;

/** A medium, small, grey and blurred, until somebody presses to see it. Of a video it is one frame, which never plays. */
export function Thumbnail({ id, name, bytes, at }: ThumbnailProps) {
  const [address, setAddress] = useState<string>();
  const [noPicture, setNoPicture] = useState(bytes.type.startsWith('video/'));
  const frames = useFrames(bytes, noPicture ? JSON.stringify([at]) : undefined, SIDE);
  const shown = useObservable(revealed) === id;
  useEffect(() => {
    const made = URL.createObjectURL(bytes);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);

  const look = classes('size-full', shown ? 'object-contain' : 'veiled object-cover');
  let picture: ReactNode = null;
  if (noPicture) {
    if (frames === undefined) return <NoPreview words="…" />;
    const [frame] = frames;
    if (frame === undefined) return <NoPreview words="No preview" />;
    picture = <FrameCanvas picture={frame.picture} className={look} />;
  } else if (address !== undefined) {
    picture = (
      <img
        src={address}
        alt=""
        decoding="async"
        draggable={false}
        onError={() => setNoPicture(true)}
        className={look}
      />
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
      {picture}
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

const NoPreview = ({ words }: { readonly words: string }) => (
  <div className="grid size-full place-items-center content-center gap-1 rounded-lg border border-line bg-sunken text-2xs text-ink-3">
    <Icon name="picture" className="size-5" />
    {words}
  </div>
);
