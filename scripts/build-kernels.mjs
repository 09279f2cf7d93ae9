// Compiles the AssemblyScript kernels to WebAssembly and writes each as a TypeScript module that holds the bytes in
// base64, so that the same import works in Node, in a worker thread, in a test and in a browser.
import { readFile, stat, writeFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

const SIMD = ['--enable', 'simd', '--runtime', 'stub', '--noAssert', '-O3', '--converge'];
const SHARED = [...SIMD, '--enable', 'threads', '--enable', 'bulk-memory', '--importMemory', '--sharedMemory'];

/** Shared-memory kernels import their memory, so that worker threads see one copy of an index. */
const kernels = [
  { entry: 'src/signals/pdq/assembly/kernel.ts', out: 'src/signals/pdq/kernel.generated.ts', flags: [...SIMD] },
  {
    entry: 'src/index/assembly/pdq-kernel.ts',
    out: 'src/index/pdq-kernel.generated.ts',
    flags: [...SHARED, '--initialMemory', '1', '--maximumMemory', '65536'],
  },
  {
    entry: 'src/index/assembly/photodna-kernel.ts',
    out: 'src/index/photodna-kernel.generated.ts',
    flags: [...SHARED, '--initialMemory', '1', '--maximumMemory', '65536'],
  },
];

const newerThan = async (out, entry) => {
  const [a, b, self] = await Promise.all([
    stat(out).catch(() => undefined),
    stat(entry),
    stat(new URL(import.meta.url)),
  ]);
  return a !== undefined && a.mtimeMs > b.mtimeMs && a.mtimeMs > self.mtimeMs;
};

for (const { entry, out, flags } of kernels) {
  if ((await stat(entry).catch(() => undefined)) === undefined) continue;
  if (await newerThan(out, entry)) continue;
  const wasmPath = `${out}.wasm.tmp`;
  const { error, stderr } = await asc.main([entry, '--outFile', wasmPath, ...flags], {
    writeFile: async (name, contents) => {
      if (!name.endsWith('.wasm.tmp')) return;
      const base64 = Buffer.from(contents).toString('base64');
      await writeFile(
        out,
        `// Made by scripts/build-kernels.mjs from ${entry}.\nexport const wasmBase64 =\n  '${base64}';\n`,
      );
    },
    readFile: (name, base) =>
      readFile(new URL(name, `file://${process.cwd()}/${base === '.' ? '' : `${base}/`}`), 'utf8').catch(() => null),
  });
  if (error) {
    console.error(String(stderr));
    console.error(`building ${entry} failed: ${error.message}`);
    process.exitCode = 1;
  }
}
