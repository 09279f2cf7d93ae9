import { photographLike } from '../../../../bench/pictures.js';
import { makeClip } from '../../../media/video/testing/clips.js';

const WIDTH = 320;
const HEIGHT = 240;

export interface SlidesOptions {
  /** Words for ffmpeg that change the pictures or how they are coded. */
  readonly words?: readonly string[];
  readonly ending?: string;
  /** Pictures a second; 1 unless told otherwise. */
  readonly perSecond?: number;
}

/**
 * A video in which one drawn picture follows the other, at ten frames a second.
 * @param seeds of the pictures, in their order
 */
export function slides(
  seeds: readonly number[],
  { words = [], ending = 'mkv', perSecond = 1 }: SlidesOptions = {},
): Buffer {
  const pictures = Buffer.concat(seeds.map((seed) => photographLike(WIDTH, HEIGHT, seed)));
  const raw = `-f rawvideo -pix_fmt rgb24 -s ${WIDTH}x${HEIGHT} -r ${perSecond} -i pipe:0`.split(' ');
  const coded = '-c:v libx264 -preset ultrafast -g 10 -pix_fmt yuv420p -vsync cfr -r 10 -bitexact'.split(' ');
  return makeClip([...raw, ...coded, ...words], ending, pictures);
}
