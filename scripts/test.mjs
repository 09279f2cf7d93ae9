// The whole check of the project in one command: lint and format, build, types, dead code, tests. Ends with the line
// `N passed, N failed, N skipped`, in which each check counts as one test.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bin = (name) => join('node_modules', '.bin', name);
const totals = { passed: 0, failed: 0, skipped: 0 };
const run = (command, args) => spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;

const check = (title, command, args) => {
  console.log(`\n── ${title}`);
  const ok = run(command, args);
  totals[ok ? 'passed' : 'failed']++;
  if (!ok) console.error(`✗ ${title}`);
  return ok;
};

check('lint and format', bin('biome'), ['ci', '.']);
const built = check('build', process.execPath, ['scripts/build.mjs']);
check('types of tests and scripts', bin('tsc'), ['-p', 'tsconfig.test.json']);
check('types of the console', bin('tsc'), ['-p', 'console']);
check('dead code and dependencies', bin('knip'), []);

if (built) {
  console.log('\n── tests');
  const folder = mkdtempSync(join(tmpdir(), 'vigie-test-'));
  const report = join(folder, 'report.json');
  const ok = run(bin('vitest'), [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ]);
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, success } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    totals.passed += numPassedTests;
    totals.failed += numFailedTests;
    totals.skipped += numPendingTests + numTodoTests;
    // A file that cannot even be loaded fails without a test of its own.
    if ((!ok || !success) && numFailedTests === 0) totals.failed++;
  } catch {
    totals.failed++;
  }
  rmSync(folder, { recursive: true, force: true });
}

console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;
