import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../src/', import.meta.url));

/** For each folder, the folders that it may import from. `errors` and `runtime` are open to all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  engine: [],
  config: ['access'],
  docs: ['metrics'],
  metrics: [],
  'metrics-sources': ['engine', 'index', 'lists', 'media', 'metrics', 'storage'],
  runtime: [],
  signals: [],
  index: ['signals'],
  net: [],
  access: ['storage'],
  media: ['signals'],
  storage: ['index', 'signals'],
  lists: ['index', 'signals', 'storage', 'net'],
  effects: ['storage', 'net'],
  scan: ['lists', 'metrics', 'media', 'index', 'signals', 'storage', 'net', 'engine'],
  retro: ['scan', 'lists', 'media', 'index', 'signals', 'storage'],
  'retro-tellers': ['effects', 'retro'],
  'remote-matcher': ['config', 'metrics', 'net', 'scan', 'storage'],
  policy: ['scan', 'index', 'signals', 'storage'],
  evidence: ['intake', 'lists', 'storage', 'net'],
  moderation: ['intake', 'evidence', 'lists', 'storage'],
  enforcement: ['policy', 'evidence', 'moderation', 'intake', 'scan', 'lists', 'metrics', 'storage', 'net'],
  platforms: ['enforcement', 'intake', 'storage', 'net', 'effects', 'engine'],
  intake: ['metrics', 'scan', 'lists', 'media', 'index', 'signals', 'storage', 'net', 'engine'],
  curation: ['intake', 'scan', 'lists', 'media', 'index', 'signals', 'storage', 'net'],
  http: [
    'platforms',
    'enforcement',
    'moderation',
    'evidence',
    'policy',
    'curation',
    'access',
    'metrics',
    'intake',
    'retro',
    'effects',
    'scan',
    'lists',
    'media',
    'index',
    'signals',
    'storage',
    'engine',
  ],
  scoring: ['moderation', 'policy', 'intake', 'scan', 'lists', 'storage', 'net'],
  'open-scoring': ['config', 'intake', 'lists', 'metrics', 'net', 'scoring', 'storage'],
  client: ['effects', 'platforms', 'net'],
  watch: ['storage'],
  'own-state': ['app-parts', 'storage', 'watch'],
  'ground-floor': [
    'enforcement',
    'moderation',
    'evidence',
    'policy',
    'platforms',
    'metrics',
    'intake',
    'effects',
    'scan',
    'lists',
    'storage',
    'net',
    'config',
  ],
  'app-parts': [
    'intake',
    'platforms',
    'enforcement',
    'moderation',
    'evidence',
    'policy',
    'curation',
    'metrics',
    'ground-floor',
    'own-state',
    'access',
    'retro',
    'retro-tellers',
    'remote-matcher',
    'open-scoring',
    'scan',
    'lists',
    'media',
    'index',
    'storage',
    'net',
    'engine',
    'config',
  ],
  app: [
    'metrics',
    'metrics-sources',
    'app-parts',
    'ground-floor',
    'own-state',
    'watch',
    'http',
    'access',
    'scan',
    'lists',
    'media',
    'storage',
    'engine',
    'config',
  ],
  doctor: ['media', 'storage', 'config'],
  cli: [
    'app',
    'policy',
    'doctor',
    'http',
    'access',
    'intake',
    'effects',
    'scan',
    'lists',
    'media',
    'index',
    'signals',
    'storage',
    'net',
    'engine',
    'config',
  ],
};

const folderOf = (path: string): string => path.split('/')[0]?.replace(/\.ts$/, '') ?? '';

it('imports run one way, downwards', () => {
  const wrong: string[] = [];
  for (const file of readdir()) {
    const from = folderOf(file);
    const allowed = MAY_IMPORT[from];
    if (allowed === undefined) {
      wrong.push(`${file}: the folder ${from} is not in the table`);
      continue;
    }
    for (const [, target] of readFileSync(join(ROOT, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) {
      const path = relative(ROOT, join(ROOT, dirname(file), target ?? ''));
      if (path.startsWith('..')) continue;
      const to = folderOf(path.replace(/\.js$/, '.ts'));
      if (to !== from && to !== 'errors' && to !== 'runtime' && !allowed.includes(to)) wrong.push(`${file} → ${path}`);
    }
  }
  expect(wrong).toEqual([]);
});

it('signals and the index know nothing of Node', () => {
  const wrong = readdir()
    .filter((file) => /^(signals|index)\//.test(file))
    .filter((file) => /from 'node:|\bBuffer\b|\bprocess\./.test(readFileSync(join(ROOT, file), 'utf8')));
  expect(wrong).toEqual([]);
});

function readdir(): readonly string[] {
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.filter((file) => !/\.test\.ts$|\/assembly\/|\/testing\//.test(file));
}
