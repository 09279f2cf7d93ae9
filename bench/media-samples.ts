import sharp, { type Sharp } from 'sharp';
import { seeded } from '../src/index/testing/random.js';
import { writePng } from '../src/media/png-chunks.js';
import { photographLike } from './pictures.js';

/** A drawn picture and the pixels that it was made from. */
export interface Drawn {
  readonly width: number;
  readonly height: number;
  /** Row-major RGB. */
  readonly rgb: Uint8Array;
}

/** Soft shapes under a pattern of blocks, so that there is something at every frequency that PDQ looks at. */
export function draw(width: number, height: number, seed: number): Drawn {
  const rgb = photographLike(width, height, seed);
  const random = seeded(seed + 1_000);
  for (let i = 0; i < 60; i++) {
    const [w, h] = [(0.02 + 0.2 * random()) * width, (0.02 + 0.2 * random()) * height];
    const [left, top] = [Math.floor(random() * (width - w)), Math.floor(random() * (height - h))];
    const shades = [random() * 160 - 80, random() * 160 - 80, random() * 160 - 80];
    for (let y = top; y < top + h; y++) {
      for (let at = (y * width + left) * 3, end = at + Math.floor(w) * 3; at < end; at++) {
        rgb[at] = Math.max(0, Math.min(255, (rgb[at] as number) + (shades[at % 3] as number)));
      }
    }
  }
  return { width, height, rgb };
}

export function toSharp({ rgb, width, height }: Drawn): Sharp {
  return sharp(rgb, { raw: { width, height, channels: 3 } });
}

/** The same picture in at most 216 colours, so that a palette loses nothing. */
export function inFewColours({ rgb, ...size }: Drawn): Drawn {
  return { ...size, rgb: rgb.map((value) => Math.round(value / 51) * 51) };
}

/** The same picture in sixteen greys. */
export function inSixteenGreys(picture: Drawn): Drawn {
  const grey = greyOf(picture);
  return { ...picture, rgb: picture.rgb.map((_, i) => Math.round((grey[Math.floor(i / 3)] as number) / 17) * 17) };
}

/** Its brightness by the weights of PDQ (Rec. 601), a byte a pixel. */
export function greyOf({ rgb, width, height }: Drawn): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const [r = 0, g = 0, b = 0] = rgb.subarray(i * 3, i * 3 + 3);
    return Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  });
}

function toGreySharp(picture: Drawn): Sharp {
  return sharp(greyOf(picture), { raw: { width: picture.width, height: picture.height, channels: 1 } });
}

/** The same picture with transparency that grows from left to right. */
export function withAlpha({ rgb, width, height }: Drawn): Uint8Array {
  const rgba = new Uint8Array(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    rgba.set(rgb.subarray(i * 3, i * 3 + 3), i * 4);
    rgba[i * 4 + 3] = 255 - Math.floor(((i % width) * 255) / width);
  }
  return rgba;
}

/** One file of every format and colour mode, all of the same picture; animations begin with it. */
export const SAMPLES: Readonly<Record<string, (picture: Drawn) => Promise<Uint8Array>>> = {
  jpeg: (picture) => toSharp(picture).jpeg({ quality: 92 }).toBuffer(),
  'jpeg, progressive': (picture) => toSharp(picture).jpeg({ quality: 90, progressive: true }).toBuffer(),
  'jpeg, 4:4:4': (picture) => toSharp(picture).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(),
  'jpeg, grey': (picture) => toGreySharp(picture).toColourspace('b-w').jpeg({ quality: 92 }).toBuffer(),
  'jpeg, CMYK': (picture) => toSharp(picture).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer(),
  png: (picture) => toSharp(picture).png().toBuffer(),
  'png, interlaced': (picture) => toSharp(picture).png({ progressive: true }).toBuffer(),
  'png, palette': (picture) => toSharp(inFewColours(picture)).png({ palette: true, dither: 0 }).toBuffer(),
  'png, palette of 16': (picture) =>
    toGreySharp(inSixteenGreys(picture)).png({ palette: true, colours: 16, dither: 0 }).toBuffer(),
  'png, grey': (picture) => toGreySharp(picture).toColourspace('b-w').png().toBuffer(),
  'png, 16 bits': (picture) => toSharp(picture).toColourspace('rgb16').png().toBuffer(),
  'png, 16 bits, grey': (picture) => toGreySharp(picture).toColourspace('grey16').png().toBuffer(),
  'png, opaque alpha': (picture) => toSharp(picture).ensureAlpha().png().toBuffer(),
  apng: async (picture) => await apngOf(picture),
  gif: (picture) => toSharp(inFewColours(picture)).gif({ dither: 0 }).toBuffer(),
  'gif, animated': (picture) => animation(picture, inFewColours).then((image) => image.gif({ dither: 0 }).toBuffer()),
  webp: (picture) => toSharp(picture).webp({ quality: 90 }).toBuffer(),
  'webp, lossless': (picture) => toSharp(picture).webp({ lossless: true }).toBuffer(),
  'webp, animated': (picture) => animation(picture).then((image) => image.webp({ quality: 90 }).toBuffer()),
  avif: (picture) => toSharp(picture).avif({ quality: 80, effort: 2 }).toBuffer(),
  tiff: (picture) => toSharp(picture).tiff({ compression: 'lzw' }).toBuffer(),
  'tiff, 16 bits': (picture) => toSharp(picture).toColourspace('rgb16').tiff({ compression: 'none' }).toBuffer(),
  'tiff, CMYK': (picture) => toSharp(picture).toColourspace('cmyk').tiff({ compression: 'none' }).toBuffer(),
  'tiff, pages': (picture) => animation(picture).then((image) => image.tiff({ compression: 'lzw' }).toBuffer()),
  bmp: async (picture) => writeBmp24(picture),
};

/** The picture, then two others of its size. */
async function animation(picture: Drawn, change = (each: Drawn) => each): Promise<Sharp> {
  const { width, height } = picture;
  const frames = [picture, draw(width, height, 901), draw(width, height, 902)];
  return sharp(await Promise.all(frames.map((each) => toSharp(change(each)).png().toBuffer())), {
    join: { animated: true },
  });
}

async function apngOf(picture: Drawn): Promise<Uint8Array> {
  const { width, height } = picture;
  const frames = [picture, draw(width, height, 901), draw(width, height, 902)];
  return writeApng(
    width,
    height,
    await Promise.all(
      frames.map(async (each) => ({ png: await toSharp(each).png().toBuffer(), width, height, left: 0, top: 0 })),
    ),
  );
}

export interface ApngPart {
  /** Of the colour type and depth of all others. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly dispose?: 0 | 1 | 2;
  readonly blend?: 0 | 1;
}

/**
 * Puts an animated PNG together.
 * @param still a picture that is not part of the animation and stands before it
 */
export function writeApng(width: number, height: number, frames: readonly ApngPart[], still?: Uint8Array): Uint8Array {
  const header = Buffer.from(pngData(still ?? frames[0]?.png ?? new Uint8Array(), 'IHDR')[0] ?? []);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const animationControl = Buffer.alloc(8);
  animationControl.writeUInt32BE(frames.length, 0);
  const chunks = [
    { name: 'IHDR', data: header as Uint8Array },
    { name: 'acTL', data: animationControl },
  ];
  for (const data of still === undefined ? [] : pngData(still, 'IDAT')) chunks.push({ name: 'IDAT', data });
  let sequence = 0;
  for (const [i, { png, left, top, dispose = 0, blend = 0, ...size }] of frames.entries()) {
    const control = Buffer.alloc(26);
    for (const [at, value] of [sequence++, size.width, size.height, left, top].entries()) {
      control.writeUInt32BE(value, at * 4);
    }
    control.set([0, 1, 0, 10, dispose, blend], 20);
    chunks.push({ name: 'fcTL', data: control });
    for (const data of pngData(png, 'IDAT')) {
      if (i === 0 && still === undefined) {
        chunks.push({ name: 'IDAT', data });
        continue;
      }
      const number = Buffer.alloc(4);
      number.writeUInt32BE(sequence++);
      chunks.push({ name: 'fdAT', data: Buffer.concat([number, data]) });
    }
  }
  return writePng(chunks);
}

function pngData(png: Uint8Array, wanted: string): Uint8Array[] {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const found: Uint8Array[] = [];
  for (let at = 8; at + 8 <= png.length; at += 12 + view.getUint32(at)) {
    const name = Buffer.from(png.subarray(at + 4, at + 8)).toString('latin1');
    if (name === wanted) found.push(png.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  return found;
}

/** A BMP as everybody writes it: 24 bits, from below. */
export function writeBmp24({ width, height, rgb }: Drawn): Uint8Array {
  const row = Math.ceil((width * 3) / 4) * 4;
  const pixels = Buffer.alloc(row * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [r = 0, g = 0, b = 0] = rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3);
      pixels.set([b, g, r], (height - 1 - y) * row + x * 3);
    }
  }
  return writeBmp({ width, height, bits: 24, pixels });
}

/** A BMP with a header of 40 bytes or, with `masks`, behind it. */
export function writeBmp(parts: {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly pixels: Uint8Array;
  readonly compression?: number;
  /** Blue, green, red, 0, colour after colour; or the masks. */
  readonly extra?: Uint8Array;
  readonly headerBytes?: number;
}): Uint8Array {
  const { width, height, bits, pixels, compression = 0, extra = new Uint8Array(), headerBytes = 40 } = parts;
  const header = Buffer.alloc(14 + headerBytes);
  header.write('BM', 0, 'latin1');
  header.writeUInt32LE(header.length + extra.length + pixels.length, 2);
  header.writeUInt32LE(header.length + (headerBytes > 40 ? 0 : extra.length), 10);
  header.writeUInt32LE(headerBytes, 14);
  if (headerBytes === 12) {
    header.writeUInt16LE(width, 18);
    header.writeUInt16LE(height, 20);
    header.writeUInt16LE(1, 22);
    header.writeUInt16LE(bits, 24);
  } else {
    header.writeInt32LE(width, 18);
    header.writeInt32LE(height, 22);
    header.writeUInt16LE(1, 26);
    header.writeUInt16LE(bits, 28);
    header.writeUInt32LE(compression, 30);
    header.writeUInt32LE(pixels.length, 34);
    // In longer headers the masks lie inside.
    if (headerBytes > 40) header.set(extra, 54);
  }
  return Buffer.concat(headerBytes > 40 ? [header, pixels] : [header, extra, pixels]);
}
