import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { machine } from './harness.js';
import { cluster, removals } from './soak/cluster.js';
import { kills } from './soak/kills.js';
import { mutatedMedia } from './soak/mutated-media.js';
import { mutatedVideo } from './soak/mutated-video.js';
import type { SoakPart, SoakResult } from './soak/part.js';
import { restart } from './soak/restart.js';
import { waiting } from './soak/waiting.js';

/** The parts of the long run, by name; each in its own file. */
const PARTS: Readonly<Record<string, SoakPart>> = {
  'mutated-media': mutatedMedia,
  'mutated-video': mutatedVideo,
  kills,
  cluster,
  removals,
  restart,
  waiting,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const wanted = positionals.length === 0 ? Object.keys(PARTS) : positionals;
const results = new Map<string, SoakResult>();
for (const name of wanted) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`There is no part ${name}; there are ${Object.keys(PARTS).join(', ')}.`);
  const progress = (text: string) => process.stderr.write(`${text}\n`);
  results.set(name, await part({ count: Number(values.count), seed: Number(values.seed), progress }));
}

const lines = ['| what | result |', '| --- | --- |'];
for (const [name, { rows, failures }] of results) {
  for (const { what, value } of rows) lines.push(`| ${what} | ${value} |`);
  lines.push(
    `| **${name}** | ${failures.length === 0 ? 'passed' : `**failed**: ${failures.slice(0, 10).join('; ')}`} |`,
  );
}
const table = `${machine()}, ${new Date().toISOString().slice(0, 10)}\n\n${lines.join('\n')}\n`;
console.log(table);
if (values.out !== undefined) await writeFile(values.out, table);
if ([...results.values()].some(({ failures }) => failures.length > 0)) process.exitCode = 1;
