// Draws the pictures and clips of the sample list: seascapes made of shapes and noise, the same at every run. Some are listed;
// edited copies of those, and some that no list knows, are there to be dropped into the page. Run it again only to change
// them. Needs ffmpeg.

import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { PdqHasher } from '../dist/src/signals/pdq/pdq-hasher.js';
import { edited, film, framesOf, inserted, still } from './sample-clips.mjs';

const FOLDER = new URL('../samples/', import.meta.url).pathname;
const WIDTH = 960;
const HEIGHT = 640;

const random = (seed) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

const hsl = (h, s, l) => `hsl(${h.toFixed(0)} ${s.toFixed(0)}% ${l.toFixed(0)}%)`;

function seascape(seed) {
  const r = random(seed);
  const between = (low, high) => low + r() * (high - low);
  const hue = between(0, 360);
  const horizon = between(0.42, 0.62) * HEIGHT;
  const parts = [
    `<defs><linearGradient id="sky" x1="0" y1="0" x2="${between(0, 0.5)}" y2="1"><stop offset="0" stop-color="${hsl(hue, 45, between(15, 35))}"/><stop offset="1" stop-color="${hsl(hue + 40, 70, between(65, 85))}"/></linearGradient>
     <linearGradient id="sea" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${hsl(hue + 180, 40, 55)}"/><stop offset="1" stop-color="${hsl(hue + 200, 60, 14)}"/></linearGradient></defs>
     <rect width="${WIDTH}" height="${HEIGHT}" fill="url(#sky)"/>`,
    `<circle cx="${between(80, WIDTH - 80)}" cy="${between(60, horizon)}" r="${between(30, 90)}" fill="${hsl(hue + 60, 90, 82)}"/>`,
  ];
  for (let i = 0; i < 9; i++) {
    parts.push(
      `<ellipse cx="${between(0, WIDTH)}" cy="${between(20, horizon - 40)}" rx="${between(50, 190)}" ry="${between(8, 30)}" fill="${hsl(hue + 20, 30, between(70, 95))}" opacity="${between(0.3, 0.8)}"/>`,
    );
  }
  let ridge = `M0 ${horizon}`;
  for (let x = 0; x <= WIDTH; x += 40)
    ridge += ` L${x} ${horizon - between(0, 110) * (0.4 + 0.6 * Math.sin((x / WIDTH) * 3 + seed))}`;
  parts.push(`<path d="${ridge} L${WIDTH} ${horizon} Z" fill="${hsl(hue + 220, 35, 28)}"/>`);
  parts.push(`<rect y="${horizon}" width="${WIDTH}" height="${HEIGHT - horizon}" fill="url(#sea)"/>`);
  for (let i = 0; i < 60; i++) {
    const y = horizon + between(0, 1) ** 1.6 * (HEIGHT - horizon);
    const length = between(20, 160);
    parts.push(
      `<path d="M${between(-40, WIDTH)} ${y} q${length / 2} ${between(-14, 14)} ${length} 0" stroke="${hsl(hue + 190, 50, between(40, 90))}" stroke-width="${between(1, 5)}" fill="none" opacity="0.7"/>`,
    );
  }
  const x = between(140, WIDTH - 140);
  const base = horizon + between(0, 60);
  const h = between(150, 260);
  parts.push(
    `<path d="M${x - 34} ${base} L${x - 20} ${base - h} L${x + 20} ${base - h} L${x + 34} ${base} Z" fill="#f4f1ea"/>`,
    ...[0.15, 0.45, 0.75].map((t) => {
      const y = base - h * t;
      return `<path d="M${x - 33 + 14 * t} ${y} L${x + 33 - 14 * t} ${y} L${x + 31 - 14 * t} ${y - h * 0.13} L${x - 31 + 14 * t} ${y - h * 0.13} Z" fill="${hsl(hue + 130, 65, 42)}"/>`;
    }),
    `<rect x="${x - 16}" y="${base - h - 36}" width="32" height="36" fill="#ffe28a"/><path d="M${x - 26} ${base - h - 36} L${x} ${base - h - 66} L${x + 26} ${base - h - 36} Z" fill="#2b2f3a"/>`,
  );
  for (let i = 0; i < 4; i++) {
    const bx = between(60, WIDTH - 100);
    const by = between(horizon + 50, HEIGHT - 60);
    const s = between(0.6, 1.6);
    parts.push(
      `<g transform="translate(${bx} ${by}) scale(${s})"><path d="M0 0 h90 l-16 22 h-58 Z" fill="${hsl(between(0, 360), 60, 35)}"/><path d="M42 -4 v-74 l40 66 Z" fill="#fbfaf5"/><path d="M38 -4 v-60 l-30 54 Z" fill="${hsl(between(0, 360), 70, 70)}"/></g>`,
    );
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">${parts.join('')}</svg>`;
}

/** A scene with a film grain, as raw pixels. */
async function picture(seed) {
  const { data, info } = await sharp(Buffer.from(seascape(seed)))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const r = random(seed + 1_000);
  for (let i = 0; i < data.length; i += 3) {
    const grain = (r() - 0.5) * 14;
    for (let c = 0; c < 3; c++) data[i + c] = Math.max(0, Math.min(255, data[i + c] + grain));
  }
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } });
}

const LISTED = [
  { seed: 11, id: 'sample-01', grade: 'A' },
  { seed: 23, id: 'sample-02', grade: 'A' },
  { seed: 37, id: 'sample-03', grade: 'B' },
  { seed: 41, id: 'sample-04', grade: 'B' },
  { seed: 59, id: 'sample-05', grade: 'C' },
  { seed: 67, id: 'sample-06', grade: 'C' },
];
const jpeg = (image, quality = 78) => image.jpeg({ quality }).toBuffer();

await rm(FOLDER, { recursive: true, force: true });
await mkdir(`${FOLDER}pictures`, { recursive: true });
const hasher = await PdqHasher.create();
const rows = ['id,grade,kind,md5,sha1,sha256,pdq,quality,vpdq,comment'];
const originals = new Map();
const digests = (bytes) => ['md5', 'sha1', 'sha256'].map((name) => createHash(name).update(bytes).digest('hex'));
for (const { seed, id, grade } of LISTED) {
  const bytes = await jpeg(await picture(seed));
  originals.set(id, bytes);
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  const { quality, hashes } = hasher.hash({ data, width: info.width, height: info.height, channels: 3 }, 'faithful');
  const pdq = Buffer.from(hashes.subarray(0, 32)).toString('hex');
  rows.push([id, grade, 'image', ...digests(bytes), pdq, quality, '', 'A generated seascape'].join(','));
}
const scene = (seed) =>
  sharp(Buffer.from(seascape(seed)))
    .png()
    .toBuffer();
const clip = await film(await scene(139), 9);
const otherClip = await film(await scene(151), 9);
const frames = (await framesOf(clip)).replaceAll('"', '""');
rows.push(['sample-07', 'A', 'video', ...digests(clip), '', '', `"${frames}"`, 'A generated clip'].join(','));
await writeFile(`${FOLDER}sample-list.csv`, `${rows.join('\n')}\n`);

const from = (id) => sharp(originals.get(id));
const samples = [
  ['lighthouse.jpg', 'The listed picture itself', 'match', () => originals.get('sample-01')],
  ['lighthouse-small.jpg', 'A small copy, saved again', 'match', () => jpeg(from('sample-01').resize(420), 55)],
  [
    'harbour-mirrored.webp',
    'A mirrored copy',
    'match',
    () => from('sample-02').flop().webp({ quality: 70 }).toBuffer(),
  ],
  ['cliffs-turned.jpg', 'A copy turned by a quarter', 'match', () => jpeg(from('sample-03').rotate(90))],
  [
    'regatta-bordered.jpg',
    'A copy in a black frame',
    'match',
    () => jpeg(from('sample-04').extend({ top: 120, bottom: 120, left: 60, right: 60, background: '#000' })),
  ],
  ['dusk-negative.jpg', 'A negative', 'match', () => jpeg(from('sample-05').negate({ alpha: false }))],
  [
    'bay-palette.png',
    'A copy with few colours',
    'match',
    () => from('sample-06').resize(480).png({ palette: true, colours: 32 }).toBuffer(),
  ],
  ['unlisted-cove.jpg', 'A picture that no list knows', 'no-match', async () => jpeg(await picture(101))],
  ['unlisted-pier.jpg', 'Another that no list knows', 'no-match', async () => jpeg((await picture(113)).resize(700))],
  [
    'fog.png',
    'Nearly blank: too little to compare',
    'no-match',
    () =>
      sharp({ create: { width: 320, height: 240, channels: 3, background: '#c9ced6' } })
        .png()
        .toBuffer(),
  ],
  [
    'cut-short.jpg',
    'A file that was cut short',
    'could-not-tell',
    async () => (await jpeg(await picture(127))).subarray(0, 9_000),
  ],
  ['crossing.mp4', 'The listed video itself', 'match', () => clip],
  ['crossing-cut.webm', 'A video cut, mirrored and saved again', 'match', () => edited(clip, 2)],
  ['crossing-inside.mp4', 'A part of the listed video in another', 'match', () => inserted(clip, 3, 3, otherClip, 4)],
  ['crossing-still.jpg', 'A still of the listed video', 'match', () => still(clip, 6.2)],
  ['unlisted-crossing.mp4', 'A video that no list knows', 'no-match', () => otherClip],
];
const index = [];
for (const [name, title, expect, make] of samples) {
  await writeFile(`${FOLDER}pictures/${name}`, await make());
  index.push({ name, title, expect });
}
await writeFile(`${FOLDER}samples.json`, `${JSON.stringify(index, null, 2)}\n`);
console.log(`${LISTED.length} listed pictures and a listed clip, ${samples.length} samples`);
