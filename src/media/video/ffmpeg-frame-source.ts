import type { Readable, Writable } from 'node:stream';
import { VigieError } from '../../errors.js';
import { Complaints } from './complaints.js';
import type { Container } from './containers.js';
import type { FrameOptions, FrameSource, RawFrame, Sampling, VideoFacts } from './frame-source.js';
import { FrameTimes } from './frame-times.js';
import { inputWords } from './probe.js';
import type { VideoPrograms } from './programs.js';
import { MEDIUM_PATH, type Running, runProgram } from './run-program.js';

export interface FfmpegInput {
  /** Descriptor of the medium. */
  readonly medium: number;
  readonly container: Container;
  /** Hands the medium over in its order, for one that is not all there yet; the program reads the file when left out. */
  readonly feed?: (input: Writable) => Promise<void>;
}

export interface FfmpegLimits {
  readonly maxPixels: number;
  /** Largest piece of memory that may be asked for at once. */
  readonly maxAllocation: number;
}

/** Frames that follow each other at this rate or faster can lose those that no other needs and stay dense enough. */
const DENSE_FPS = 20;
/** Times are rounded: without this much room a step that is a whole number of frames would leave every other one out. */
const TICK = 0.001;

/** Lets the decoder say the time of each frame, in milliseconds, on a descriptor of its own. */
const TELL_TIMES = [
  'settb=1/1000',
  'metadata=add:key=f:value=1',
  String.raw`metadata=print:key=f:file='pipe\:3':direct=1`,
];

/** Frames of a video by the system's ffmpeg, one run for each call. */
export class FfmpegFrameSource implements FrameSource {
  readonly facts: VideoFacts;
  readonly #input: FfmpegInput;
  readonly #programs: VideoPrograms;
  readonly #limits: FfmpegLimits;
  readonly #running = new Set<Running>();

  constructor(facts: VideoFacts, input: FfmpegInput, programs: VideoPrograms, limits: FfmpegLimits) {
    this.facts = facts;
    this.#input = input;
    this.#programs = programs;
    this.#limits = limits;
  }

  async *frames(options: FrameOptions): AsyncGenerator<RawFrame> {
    const { medium, feed } = this.#input;
    const { sampling } = options;
    const size = options.size ?? this.#wholeSize(options);
    const channels = options.pixels === 'grey' ? 1 : 3;
    const bytes = size.width * size.height * channels;
    if (bytes / channels > this.#limits.maxPixels) throw new VigieError('media-too-many-pixels');
    const running = runProgram(this.#words(options, size), medium, feed === undefined ? 'nothing' : 'pipe');
    this.#running.add(running);
    const complaints = new Complaints();
    complaints.listen(running.complaints);
    const times = new FrameTimes(running.aside);
    const { input } = running;
    const feeding = input === null ? undefined : feed?.(input).catch(() => input.destroy());
    try {
      let index = 0;
      const pixels = Buffer.allocUnsafe(bytes);
      const source = options.size === undefined ? {} : { source: this.#reducedFrom(size) };
      for await (const _ of fill(running.output, pixels)) {
        const seconds = sampling.kind === 'rate' ? index / sampling.perSecond : await times.next();
        yield { index, seconds, picture: { frame: index, data: pixels, ...size, channels, ...source } };
        index++;
      }
      const code = await running.ended;
      const { refusal, otherSize } = complaints;
      options.onEnd?.({ damaged: complaints.damaged || code !== 0, refusal, otherSize, frames: index });
    } finally {
      running.kill();
      await running.ended;
      await feeding;
      this.#running.delete(running);
    }
  }

  async close(): Promise<void> {
    const all = [...this.#running];
    for (const running of all) running.kill();
    await Promise.all(all.map(({ ended }) => ended));
  }

  #wholeSize({ turned }: FrameOptions) {
    const { width, height, rotation } = this.facts;
    return turned === true && rotation % 180 !== 0 ? { width: height, height: width } : { width, height };
  }

  #reducedFrom({ width, height }: { readonly width: number; readonly height: number }) {
    const { width: w, height: h } = this.facts;
    return { width: w, height: h, factorX: w / width, factorY: h / height };
  }

  #words(options: FrameOptions, { width, height }: { readonly width: number; readonly height: number }) {
    const { sampling, pixels, scaler = 'area', quick = false, turned = false } = options;
    const { container, feed } = this.#input;
    const { guard, ffmpeg } = this.#programs;
    const colours = scaler === 'bicubic' ? '' : pixels === 'grey' ? ':out_range=full' : ':in_color_matrix=bt601';
    const filters = [
      ...(this.facts.confirmed ? [] : [onlyOfSize(this.facts)]),
      ...selection(sampling),
      `scale=${width}:${height}:flags=${scaler}${colours}`,
      `format=${pixels === 'grey' ? 'gray' : 'rgb24'}`,
      ...(sampling.kind === 'rate' ? [] : TELL_TIMES),
    ];
    const pace =
      sampling.kind === 'rate' ? ['-r', String(sampling.perSecond), '-fps_mode', 'cfr'] : ['-fps_mode', 'passthrough'];
    return [
      ...[
        ...guard,
        ffmpeg,
        '-hide_banner',
        '-nostats',
        '-v',
        'error',
        '-max_alloc',
        String(this.#limits.maxAllocation),
      ],
      ...(feed === undefined ? ['-nostdin'] : []),
      ...['-threads', '1', '-filter_threads', '1', '-max_pixels', String(this.#limits.maxPixels)],
      ...(sampling.kind === 'keys' ? ['-skip_frame', 'nokey'] : []),
      ...(quick ? this.#quickWords(sampling) : []),
      ...(turned ? [] : ['-noautorotate']),
      ...(sampling.kind === 'stretch' ? ['-ss', String(sampling.from), '-t', String(sampling.seconds)] : []),
      ...inputWords(container, feed === undefined ? 'file' : 'pipe'),
      ...['-i', feed === undefined ? MEDIUM_PATH : 'pipe:0'],
      ...['-map', `0:${this.facts.stream}`, '-an', '-sn', '-dn', '-max_error_rate', '1'],
      ...[...pace, '-vf', filters.join(','), '-f', 'rawvideo', 'pipe:1'],
    ];
  }

  #quickWords({ kind }: Sampling): readonly string[] {
    const thin = kind === 'times' && this.facts.fps >= DENSE_FPS ? ['-skip_frame', 'noref'] : [];
    // Smoothing left out of frames that others are made from adds up until the next key frame: 5 % of hashes were far off.
    return [...thin, '-skip_loop_filter', 'noref'];
  }
}

/** Lets frames of one size through as they are, and ends the run at any other. It has to come first: complaints are told by its number. */
function onlyOfSize({ width, height }: VideoFacts): string {
  return `crop=w='if(eq(iw,${width})*eq(ih,${height}),iw,-1)':h=ih:x=0:y=0:exact=1`;
}

/** The filter that lets the wanted frames through, before anything is done with their pixels. */
function selection(sampling: Sampling): readonly string[] {
  switch (sampling.kind) {
    case 'keys':
    case 'times':
      // A frame without a time, or one that goes back, is taken: what comes after it is measured from there.
      return [
        `select='isnan(prev_selected_t)+isnan(t)+gte(t-prev_selected_t,${sampling.everySeconds - TICK})+lt(t,prev_selected_t)'`,
      ];
    case 'step':
      return sampling.frames === 1 ? [] : [String.raw`select='not(mod(n\,${sampling.frames}))'`];
    case 'rate':
    case 'stretch':
      return [];
  }
}

/** Fills a buffer again and again; a step is one whole frame. What is left over at the end is dropped. */
async function* fill(output: Readable, frame: Buffer): AsyncGenerator<undefined> {
  let filled = 0;
  for await (const chunk of output as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(chunk.length - at, frame.length - filled);
      chunk.copy(frame, filled, at, at + taken);
      at += taken;
      filled += taken;
      if (filled < frame.length) continue;
      filled = 0;
      yield undefined;
    }
  }
}
