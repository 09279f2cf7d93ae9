import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface TestRun {
  readonly seconds: number;
  readonly passed: boolean;
  /** Lines that the tests wrote for the result. */
  readonly said: readonly string[];
}

/** Runs tests that do more when the environment asks for it. @param env what they are asked for */
export async function runTests(files: readonly string[], env: Readonly<Record<string, string>>): Promise<TestRun> {
  const start = performance.now();
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--reporter=verbose', ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env, NO_COLOR: '1' },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    process.stderr.write(text);
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  const said = output.split('\n').flatMap((line) => /^soak: (.+)$/.exec(line.trim())?.[1] ?? []);
  return { seconds: Math.round((performance.now() - start) / 1_000), passed: code === 0, said };
}
