import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { Complaints } from './complaints.js';
import { type Container, DECODERS } from './containers.js';
import type { VideoFacts, VideoStreams } from './frame-source.js';
import type { VideoPrograms } from './programs.js';
import { MEDIUM_PATH, runProgram } from './run-program.js';

const MAXIMUM_ANSWER_BYTES = 2 ** 20;
const ENTRIES = [
  'stream=index,codec_type,codec_name,width,height,avg_frame_rate,r_frame_rate,duration,nb_frames',
  'stream_disposition=attached_pic,default',
  'stream_side_data=rotation',
  'format=duration',
].join(':');

const number = z.coerce.number().catch(0);
const streams = z.object({
  streams: z
    .array(
      z.object({
        index: z.int().min(0),
        codec_type: z.string().default(''),
        codec_name: z.string().default(''),
        width: number.default(0),
        height: number.default(0),
        avg_frame_rate: z.string().default(''),
        r_frame_rate: z.string().default(''),
        duration: number.default(0),
        nb_frames: number.default(0),
        disposition: z.object({ attached_pic: number.default(0), default: number.default(0) }).optional(),
        side_data_list: z.array(z.object({ rotation: number.optional() })).default([]),
      }),
    )
    .default([]),
  format: z.object({ duration: number.default(0) }).optional(),
});

/** The words that keep ffmpeg and ffprobe to one file of one kind. */
export function inputWords({ demuxer, allowed }: Container, protocol: 'file' | 'pipe'): readonly string[] {
  return [
    ...['-protocol_whitelist', protocol, '-format_whitelist', allowed, '-codec_whitelist', DECODERS.join(',')],
    ...['-f', demuxer],
  ];
}

/** Streams that are looked at: moving pictures, and beside them covers. */
const MOST_MOVING = 4;
const MOST_COVERS = 2;

/**
 * Asks what a video says of itself. The stream of moving pictures that a player shows comes first; only when there is none, a cover.
 * @param medium descriptor of the file; what is there of it is enough when that describes it
 * @throws VigieError `media-damaged`, `media-format-unsupported`, `media-no-video`
 */
export async function probe(
  medium: number,
  container: Container,
  programs: VideoPrograms,
  signal: AbortSignal,
): Promise<VideoStreams> {
  const { guard, ffprobe } = programs;
  const own = ['-v', 'error', '-show_entries', ENTRIES, '-of', 'json=compact=1'];
  const words = [...guard, ffprobe, ...own, ...inputWords(container, 'file'), '-i', MEDIUM_PATH];
  const running = runProgram(words, medium, 'nothing');
  const complaints = new Complaints();
  complaints.listen(running.complaints);
  running.aside.resume();
  const stop = () => running.kill();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of running.output as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAXIMUM_ANSWER_BYTES) throw new VigieError('media-damaged', { detail: 'it says too much of itself' });
      chunks.push(chunk);
    }
    await running.ended;
    signal.throwIfAborted();
    const facts = read(Buffer.concat(chunks).toString('utf8'));
    if (facts === 'other') throw new VigieError('media-no-video');
    if (facts !== undefined && facts.shown.width > 0 && facts.shown.height > 0) return facts;
    throw new VigieError(complaints.refusal ?? 'media-damaged');
  } finally {
    signal.removeEventListener('abort', stop);
    running.kill();
  }
}

type Told = z.infer<typeof streams>;
type Stream = Told['streams'][number];

/** @returns `other` when all that it holds is something else; undefined when it holds nothing that can be told */
function read(text: string): VideoStreams | 'other' | undefined {
  const { data } = streams.safeParse(parseJson(text));
  if (data === undefined) return undefined;
  const pictures = data.streams.filter(({ codec_type }) => codec_type === 'video');
  const moving = pictures.filter((each) => !isCover(each));
  const covers = pictures.filter(isCover);
  // What a player shows.
  const shown = moving.find(({ disposition }) => disposition?.default === 1) ?? moving[0] ?? covers[0];
  if (shown === undefined) return data.streams.some(({ codec_type }) => codec_type === 'audio') ? 'other' : undefined;
  const beside = [
    ...moving.filter((each) => each !== shown).slice(0, MOST_MOVING - 1),
    ...covers.filter((each) => each !== shown).slice(0, MOST_COVERS),
  ];
  const others = beside.map((each) => factsOf(each, data)).filter(({ width, height }) => width > 0 && height > 0);
  return { shown: factsOf(shown, data), others, more: others.length + 1 < pictures.length };
}

function isCover({ disposition }: Stream): boolean {
  return disposition?.attached_pic === 1;
}

function factsOf(stream: Stream, { format }: Told): VideoFacts {
  // A cover is shown for as long as its file plays, and is over with its one frame.
  const told = isCover(stream) ? [] : [stream.duration, format?.duration ?? 0];
  const [seconds = 0] = told.filter((each) => each > 0 && each < 1e9);
  const turned = stream.side_data_list.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0;
  return {
    stream: stream.index,
    codec: /^[a-z0-9_]{1,24}$/.test(stream.codec_name) ? stream.codec_name : 'unknown',
    width: pixels(stream.width),
    height: pixels(stream.height),
    // The file tells by how much it lies turned the other way round.
    rotation: (((Math.round(-turned / 90) * 90) % 360) + 360) % 360,
    fps: fraction(stream.avg_frame_rate) || fraction(stream.r_frame_rate),
    seconds,
    frames: pixels(stream.nb_frames),
    confirmed: true,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pixels(value: number): number {
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function fraction(text: string): number {
  const [above = 0, below = 1] = text.split('/').map(Number);
  const value = above / below;
  return Number.isFinite(value) && value > 0 ? value : 0;
}
