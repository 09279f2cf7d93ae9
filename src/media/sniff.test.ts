import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { draw, SAMPLES } from '../../bench/media-samples.js';
import { FORMATS } from './hash-medium.js';
import { sniff } from './sniff.js';

const of = (text: string) => sniff(Buffer.from(text, 'latin1'));
const box = (major: string, ...others: string[]) =>
  of(`\0\0\0${String.fromCharCode(16 + others.length * 4)}ftyp${major}\0\0\0\0${others.join('')}`);

describe('what a medium is', () => {
  it.each(Object.keys(SAMPLES))('is told from the bytes of %s', async (name) => {
    const bytes = await (SAMPLES[name] as (typeof SAMPLES)[string])(draw(32, 24, 1));
    expect(sniff(bytes)).toEqual({ kind: 'image', format: name.split(',')[0] });
    expect(FORMATS).toContain(sniff(bytes).format);
  });

  it.each([
    ['heic', () => box('heic', 'mif1', 'heic')],
    ['heic', () => box('mif1', 'mif1', 'heic')],
    ['avif', () => box('mif1', 'miaf', 'avif')],
    ['avif', () => box('avis', 'msf1')],
    ['jxl', () => of('\xff\x0a\0\0')],
    ['jxl', () => of('\0\0\0\x0cJXL \r\n\x87\n')],
    ['ico', () => of('\0\0\x01\0\x01\0')],
    ['psd', () => of('8BPS\0\x01')],
    ['pnm', () => of('P6\n# made by hand\n20 10\n255\n')],
    ['svg', () => of('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['svg', () => of('\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a remark -->\n<svg width="5">')],
  ])('a picture: %s', (format, sniffed) => {
    expect(sniffed()).toEqual({ kind: 'image', format });
  });

  it.each([
    ['mp4', () => box('isom', 'avc1')],
    ['mov', () => box('qt  ')],
    ['mov', () => of('\0\0\0\x08wide\0\0\0\0mdat')],
    ['3gp', () => box('3gp5')],
    ['matroska', () => of('\x1aE\xdf\xa3')],
    ['avi', () => of('RIFF\0\0\0\0AVI LIST')],
    ['flv', () => of('FLV\x01')],
    ['tgs', () => sniff(gzipSync('{"tgs":1,"v":"5.5.2","fr":60,"ip":0,"op":180,"w":512,"h":512,"layers":[]}'))],
    ['mpegts', () => of(`G${'\0'.repeat(187)}`.repeat(3))],
    ['mpegts', () => of(`\0\0\0\0G${'\0'.repeat(187)}`.repeat(3))],
    ['ogg', () => of('OggS\0\x02\0\0\0\0\0\0\0\0*\x80theora\x03')],
  ])('a video: %s', (format, sniffed) => {
    expect(sniffed()).toEqual({ kind: 'video', format });
  });

  it.each([
    ['unknown', () => of('')],
    ['unknown', () => of('a text, whatever it is called')],
    ['unknown', () => of('BMW is a maker of cars')],
    ['unknown', () => of('P5 said that it was late')],
    ['unknown', () => of('<html><body><svg></svg></body></html>')],
    ['pdf', () => of('%PDF-1.7')],
    ['gzip', () => sniff(gzipSync('a,list,of\nhashes'))],
    ['gzip', () => of('\x1f\x8b\x08 and no more')],
    ['zip', () => of('PK\x03\x04')],
    ['ogg', () => of('OggS\0\x02\0\0\0\0\0\0\0\0OpusHead')],
  ])('neither: %s', (format, sniffed) => {
    expect(sniffed()).toEqual({ kind: 'other', format });
  });

  it('is what its beginning says when it is two things at once', async () => {
    const gif = await (SAMPLES['gif'] as (typeof SAMPLES)[string])(draw(32, 24, 1));
    expect(sniff(Buffer.concat([gif, Buffer.from('PK\x03\x04'), Buffer.from('<svg>')])).format).toBe('gif');
    expect(sniff(Buffer.concat([Buffer.from('%PDF-1.7\n'), gif])).format).toBe('pdf');
  });
});
