import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import files from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const CONSOLE = [
  fileURLToPath(new URL('../../console', import.meta.url)),
  fileURLToPath(new URL('../../dist/console', import.meta.url)),
].find((folder) => existsSync(`${folder}/assets`));

/** Where the console has a page of its own, beside the root; see its router. */
const PAGES = [
  ...['/open', '/cases', '/actions', '/platforms', '/curation'],
  ...['/sources', '/finds', '/publishing', '/policy'],
];

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  // Frames of the video that somebody has just chosen; nothing else is ever played.
  'media-src blob:',
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves the console. Its files are the same for everybody and hold nothing; every figure comes through the API. */
export async function serveConsole(server: FastifyInstance): Promise<void> {
  if (CONSOLE === undefined) return;
  await server.register(files, {
    root: CONSOLE,
    prefix: '/',
    wildcard: false,
    setHeaders: (reply, path) => {
      reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
      reply.header('cross-origin-opener-policy', 'same-origin');
      const immutable = path.includes('/assets/');
      reply.header('cache-control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  // Pages of the console by their own addresses; at /open the secret stands behind the # and never reaches the server.
  for (const page of PAGES) {
    server.get(page, { config: { scope: 'public' }, schema: { hide: true } }, async (_request, reply) =>
      reply.sendFile('index.html'),
    );
  }
}
