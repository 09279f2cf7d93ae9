import multipart from '@fastify/multipart';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import type { Principal } from '../../access/principal.js';
import { VigieError } from '../../errors.js';
import { acting } from '../../runtime/acting.js';
import { authenticate, authorise, NOBODY } from '../authenticate.js';
import { discardRest, watchBody } from '../body-clock.js';
import type { Services } from '../services.js';
import { type HmaAnswer, type HmaEndpoint, HmaRefusal, json } from './hma-endpoint.js';
import { HMA_ENDPOINTS } from './hma-endpoints.js';
import { type TrustedAddress, TrustedAddresses } from './trusted-addresses.js';

const BODY_LIMIT = 2 ** 20;

export interface HmaServerOptions {
  readonly services: Services;
  readonly logger: Logger;
  /** Addresses whose requests need no key, as existing clients send none. */
  readonly trusted: readonly TrustedAddress[];
}

/** The interface of Hasher-Matcher-Actioner, on a port of its own; it does not listen yet. */
export async function buildHmaServer(options: HmaServerOptions): Promise<FastifyInstance> {
  const { services, logger } = options;
  const { limits, behindProxy } = services.config;
  const trusted = new TrustedAddresses(options.trusted);
  const server: FastifyInstance = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: 0,
    connectionTimeout: 0,
    keepAliveTimeout: 30_000,
    genReqId: () => services.newId(),
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true },
    trustProxy: behindProxy ? (_address, hop) => hop === 0 : false,
  });
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = translate(error);
    if (problem.code === 'internal') services.noteUnforeseen(`${request.method} ${request.routeOptions.url ?? ''}`);
    return refuse(problem, request, reply);
  });
  server.setNotFoundHandler((_, reply) => send(reply, json({ message: 'Not Found' }, 404)));
  server.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
    if (services.stopping.aborted) reply.header('connection', 'close');
  });
  server.addHook('onResponse', async (request, reply) => {
    const labels = { route: `hma:${request.routeOptions.url ?? 'none'}`, method: request.method };
    services.metrics.count('vigie_http_requests_total', { ...labels, status: String(reply.statusCode) });
    services.metrics.observe('vigie_http_request_seconds', labels, reply.elapsedTime / 1_000);
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_, body, done) => {
    try {
      done(null, body === '' ? undefined : (JSON.parse(String(body)) as unknown));
    } catch {
      done(new HmaRefusal(400, 'Failed to decode JSON object'));
    }
  });
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  server.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null, undefined);
  });
  await server.register(multipart, {
    limits: {
      files: 1,
      fields: 8,
      parts: 9,
      fieldSize: 128 * 2 ** 10,
      fileSize: Math.max(limits.mediaBytes, limits.videoBytes),
    },
    throwFileSizeLimit: false,
  });
  for (const each of HMA_ENDPOINTS) mount(server, each, services, trusted);
  return server;
}

function mount(server: FastifyInstance, each: HmaEndpoint, services: Services, trusted: TrustedAddresses): void {
  const { method, url, scope, quota } = each;
  server.route({
    method,
    url,
    config: { scope },
    onRequest: async (request, reply) => {
      if (services.stopping.aborted) throw new VigieError('shutting-down', { retryAfter: 5 });
      if (method !== 'GET') watchUpload(request, reply, services.config.limits.uploadMs);
      if (scope === 'public') {
        services.rates.admitAddress(request.ip);
        return;
      }
      const principal = await whoAsks(request, services, trusted);
      authorise(principal, scope);
      services.rates.admit(principal, quota ?? 'other');
      request.principal = principal;
    },
    handler: async (request, reply) => {
      const gone = goneOf(request);
      const onClose = () => gone.abort(new VigieError('request-too-slow', { detail: 'the client went away' }));
      reply.raw.once('close', onClose);
      try {
        const { principal = NOBODY, body } = request;
        const params = request.params as Record<string, string>;
        const query = lastOfEach(request.query as Record<string, string | string[]>);
        const call = { params, query, body, principal, signal: gone.signal, services, request, reply };
        return await send(reply, await acting(principal.id, async () => await each.handle(call)));
      } finally {
        reply.raw.off('close', onClose);
      }
    },
  });
}

/** Whoever sends a key is who the key says; an address vouches only for who sends none. */
async function whoAsks(request: FastifyRequest, services: Services, trusted: TrustedAddresses): Promise<Principal> {
  const { authorization } = request.headers;
  const key = authorization === undefined && !isFromPage(request) ? trusted.keyFor(request.ip) : undefined;
  const principal = key === undefined ? undefined : await services.keys.byId(key);
  return principal ?? (await authenticate(request, services));
}

/** Any page that is open in a browser can send requests from its machine's address, and was never vouched for. */
function isFromPage({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined || headers.referer !== undefined;
}

const gones = new WeakMap<FastifyRequest, AbortController>();

function goneOf(request: FastifyRequest): AbortController {
  const known = gones.get(request) ?? new AbortController();
  gones.set(request, known);
  return known;
}

function watchUpload(request: FastifyRequest, reply: FastifyReply, limit: number): void {
  const stop = watchBody(request.raw, 'whole', limit, () => {
    const error = new VigieError('request-too-slow');
    goneOf(request).abort(error);
    if (!reply.sent && !request.isMultipart()) void refuse(error, request, reply);
  });
  reply.raw.once('close', stop);
}

function lastOfEach(query: Readonly<Record<string, string | readonly string[]>>): Record<string, string> {
  const entries = Object.entries(query).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : (value[0] ?? ''),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

async function send(reply: FastifyReply, { status, type, text }: HmaAnswer): Promise<FastifyReply> {
  return reply.code(status).header('content-type', type).serializer(String).send(text);
}

function translate(error: FastifyError): VigieError {
  if (error instanceof VigieError) return error;
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new HmaRefusal(413, 'The body is too large');
    case 'FST_FILES_LIMIT':
      return new HmaRefusal(400, 'Only one file allowed per request');
    case 'FST_PARTS_LIMIT':
    case 'FST_FIELDS_LIMIT':
      return new HmaRefusal(400, 'Too many fields');
    default:
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new HmaRefusal(error.statusCode, error.message);
  }
  return VigieError.from(error);
}

/** What is wrong with a medium is 400 here: 422 is what says that fields are missing. */
function answerOf(error: VigieError): HmaAnswer {
  if (error instanceof HmaRefusal) return error.answer;
  const status = error.status === 422 ? 400 : error.status;
  return json({ message: error.message, code: error.code }, status);
}

async function refuse(error: VigieError, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (error.status >= 500) request.log.error({ err: error }, 'request failed');
  if (reply.raw.headersSent || reply.raw.destroyed) return reply;
  if (error.retryAfter !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfter)));
  const { socket } = reply.raw;
  if (!request.raw.complete && socket !== null) reply.raw.once('finish', () => discardRest(request.raw, socket));
  return await send(reply, answerOf(error));
}
