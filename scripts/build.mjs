// Builds everything: WebAssembly kernels, the service and its commands, the console. Steps whose inputs did not change
// since the last build are quick (TypeScript and the kernels are incremental; the console is skipped when unchanged).
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const run = (title, command, args) => {
  const start = performance.now();
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error(`build: ${title} failed`);
    process.exit(1);
  }
  console.log(`build: ${title} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
};

const newest = (path) => {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) return 0;
  if (!info.isDirectory()) return info.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0);
};

const bin = (name) => join('node_modules', '.bin', name);

run('kernels', process.execPath, ['scripts/build-kernels.mjs']);
run('service', bin('tsc'), ['-b']);
run('types of the API', process.execPath, ['scripts/build-client-types.mjs']);
run('client package', bin('tsc'), ['-p', 'tsconfig.client.json']);
const built = statSync('dist/console/index.html', { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (newest('console') > built || newest('vite.config.ts') > built) {
  run('console', bin('vite'), ['build', '--logLevel', 'warn']);
}
