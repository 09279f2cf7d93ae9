import type { FastifyInstance } from 'fastify';
import { ENDPOINTS } from './endpoints.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'] as const;

/** The endpoints by the shape of their paths: `:name` stands for one part. */
const SHAPES = new Map<string, { readonly shape: RegExp; readonly methods: Set<string> }>();
for (const { method, url } of ENDPOINTS) {
  const source = `^${url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`;
  const known = SHAPES.get(source) ?? { shape: new RegExp(source), methods: new Set<string>() };
  known.methods.add(method);
  if (method === 'GET') known.methods.add('HEAD');
  SHAPES.set(source, known);
}

/** The methods that would have been answered at the address of a request; none when nothing is there. */
export function allowedMethods(server: FastifyInstance, url: string): readonly string[] {
  const path = url.split(/[?#;]/, 1)[0] ?? '';
  const found = new Set<string>();
  for (const { shape, methods } of SHAPES.values()) if (shape.test(path)) for (const each of methods) found.add(each);
  // The files of the page.
  for (const method of METHODS) if (server.hasRoute({ method, url: path })) found.add(method);
  return METHODS.filter((method) => found.has(method));
}
