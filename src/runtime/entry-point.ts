import { fileURLToPath } from 'node:url';

/**
 * The compiled file of a worker thread or worker process.
 *
 * Node 20 cannot run TypeScript, so when the caller itself runs from source (in a test), the compiled twin under
 * `dist/` is used; a build must have been made before.
 *
 * @param importMetaUrl the caller's `import.meta.url`
 * @param relative the worker's module, relative to the caller, ending in `.js`
 * @returns an absolute path
 */
export function entryPoint(importMetaUrl: string, relative: string): string {
  const path = fileURLToPath(new URL(relative, importMetaUrl));
  if (!importMetaUrl.endsWith('.ts')) return path;
  const root = fileURLToPath(new URL('../../', import.meta.url));
  return `${root}dist/${path.slice(root.length)}`;
}
