import { useState } from 'react';
import { clock } from '../../lib/in-words.js';
import { useObservable } from '../../lib/observable.js';
import { classes } from '../../ui/classes.js';
import { Disclosure } from '../../ui/disclosure.js';
import { Icon } from '../../ui/icon.js';
import { FrameCanvas } from './frame-canvas.js';
import { revealed } from './revealed.js';
import { type Span, timesIn } from './stretches.js';
import { useFrames } from './use-frames.js';

interface MatchingFramesProps {
  readonly medium: { readonly id: number; readonly bytes: Blob };
  /** The stretches of it that were found. */
  readonly ranges: readonly Span[];
}

/** Few and small: enough to tell what it is about. */
const MOST_FRAMES = 6;
const SIDE = 128;

/** Frames of the stretch that was found, out of the file at hand, grey and blurred. Nothing is decoded before it is opened. */
export function MatchingFrames({ medium, ranges }: MatchingFramesProps) {
  const [open, setOpen] = useState(false);
  return (
    <Disclosure summary="Frames of the matching stretch, blurred" onToggle={setOpen}>
      {open && <Strip medium={medium} ranges={ranges} />}
    </Disclosure>
  );
}

function Strip({ medium, ranges }: MatchingFramesProps) {
  const few = ranges.slice(0, MOST_FRAMES);
  const times = few.flatMap((range) => timesIn(range, Math.max(1, Math.floor(MOST_FRAMES / few.length))));
  const frames = useFrames(medium.bytes, JSON.stringify(times), SIDE);
  if (frames === undefined) return <p className="text-ink-3 text-xs">Taking frames out of the file …</p>;
  if (frames.length === 0) return <p className="text-ink-3 text-xs">This browser cannot show frames of this video.</p>;
  return (
    <ul className="flex flex-wrap gap-1.5" aria-label="Frames of the matching stretch">
      {frames.map(({ seconds, picture }) => (
        <li key={seconds}>
          <Frame name={`${medium.id}/${seconds}`} seconds={seconds} picture={picture} />
        </li>
      ))}
    </ul>
  );
}

interface FrameProps {
  readonly name: string;
  readonly seconds: number;
  readonly picture: ImageBitmap;
}

function Frame({ name, seconds, picture }: FrameProps) {
  const shown = useObservable(revealed) === name;
  return (
    <button
      type="button"
      aria-pressed={shown}
      aria-label={`Show the frame at ${clock(seconds)}`}
      onClick={() => revealed.set(shown ? undefined : name)}
      className="group relative block h-16 w-20 overflow-hidden rounded-md border border-line bg-sunken"
    >
      <FrameCanvas
        picture={picture}
        className={classes('size-full', shown ? 'object-contain' : 'veiled object-cover')}
      />
      <span className="absolute inset-x-1 bottom-1 flex items-center justify-center gap-1 rounded bg-black/70 px-1 text-2xs text-white">
        <Icon name={shown ? 'hidden' : 'eye'} className="size-3" />
        {clock(seconds)}
      </span>
    </button>
  );
}
