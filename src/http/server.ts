import multipart from '@fastify/multipart';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import { VigieError } from '../errors.js';
import { acting } from '../runtime/acting.js';
import { allowedMethods } from './allowed-methods.js';
import { authenticate, authorise, LOCAL_OPERATOR, NOBODY } from './authenticate.js';
import { authenticateMember } from './authenticate-member.js';
import { discardRest, watchBody } from './body-clock.js';
import { serveConsole } from './console-files.js';
import type { Endpoint } from './endpoint.js';
import { ENDPOINTS, LOCAL_ENDPOINTS } from './endpoints.js';
import { describeApi, describeRoute } from './openapi.js';
import type { Services } from './services.js';

const JSON_LIMIT = 4 * 2 ** 20;
const XML_LIMIT = 64 * 2 ** 10;

export interface ServerOptions {
  readonly services: Services;
  readonly logger: Logger;
  /** `local` is the socket in the data directory: whoever can open it is the operator. */
  readonly entrance: 'network' | 'local';
}

/** Builds the HTTP server; it does not listen yet. */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const { services, logger, entrance } = options;
  const { limits } = services.config;
  const server: FastifyInstance = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: JSON_LIMIT,
    // Bodies are watched route by route (body-clock.ts): a list may take longer to send than a picture.
    requestTimeout: 0,
    connectionTimeout: 0,
    keepAliveTimeout: 30_000,
    genReqId: () => services.newId(),
    routerOptions: { maxParamLength: 512 },
    // The address that the one proxy in front has seen, and nothing that a client wrote before it.
    trustProxy: services.config.behindProxy && entrance === 'network' ? (_address, hop) => hop === 0 : false,
  });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = translate(error, request.routeOptions.bodyLimit);
    if (problem.code === 'internal') services.noteUnforeseen(`${request.method} ${request.routeOptions.url ?? ''}`);
    return sendProblem(problem, request, reply);
  });
  server.setNotFoundHandler((request, reply) => {
    const allowed = allowedMethods(server, request.url);
    if (allowed.length === 0) return sendProblem(new VigieError('not-found'), request, reply);
    reply.header('allow', allowed.join(', '));
    return sendProblem(new VigieError('method-not-allowed'), request, reply);
  });
  server.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
    // A connection that is kept open would keep a service that stops waiting.
    if (services.stopping.aborted) reply.header('connection', 'close');
    reply.header('referrer-policy', 'no-referrer');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });

  server.addHook('onResponse', async (request, reply) => {
    const { url: route = 'none' } = request.routeOptions;
    const labels = { route, method: request.method };
    services.metrics.count('vigie_http_requests_total', { ...labels, status: String(reply.statusCode) });
    services.metrics.observe('vigie_http_request_seconds', labels, reply.elapsedTime / 1_000);
  });

  for (const type of ['application/octet-stream', 'application/x-ndjson']) {
    server.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  }
  // Small, and read by its handler.
  server.addContentTypeParser(
    ['application/xml', 'text/xml'],
    { parseAs: 'buffer', bodyLimit: XML_LIMIT },
    (_, body, done) => done(null, body),
  );
  await server.register(multipart, {
    limits: {
      files: 1,
      fields: 8,
      parts: 9,
      fieldSize: 4_096,
      fileSize: Math.max(limits.mediaBytes, limits.videoBytes),
    },
    throwFileSizeLimit: false,
  });
  await describeApi(server);
  for (const each of ENDPOINTS) mount(server, each, options);
  if (entrance === 'local') for (const each of LOCAL_ENDPOINTS) mount(server, each, options);
  else await serveConsole(server);
  return server;
}

function mount(server: FastifyInstance, each: Endpoint, { services, entrance }: ServerOptions): void {
  const { uploadMs, videoBytes } = services.config.limits;
  const { method, scope } = each;
  const success = each.status ?? 200;
  server.route({
    ...describeRoute(each),
    ...(each.bodyLimit === undefined ? {} : { bodyLimit: each.bodyLimit }),
    onRequest: async (request, reply) => {
      if (services.stopping.aborted) throw new VigieError('shutting-down', { retryAfter: 5 });
      if (method !== 'GET') watchUpload(request, reply, each, uploadMs);
      if (scope === 'public') {
        if (entrance === 'network') services.rates.admitAddress(request.ip);
        await each.admit?.(request, services);
        return;
      }
      if (scope === 'member') {
        request.principal = await authenticateMember(request, reply, services);
        return;
      }
      const principal = entrance === 'local' ? LOCAL_OPERATOR : await authenticate(request, services);
      authorise(principal, scope);
      services.rates.admit(principal, each.quota ?? 'other');
      request.principal = principal;
    },
    handler: async (request, reply) => {
      const gone = goneOf(request);
      const onClose = () => gone.abort(new VigieError('request-too-slow', { detail: 'the client went away' }));
      request.raw.once('aborted', onClose);
      reply.raw.once('close', onClose);
      reply.raw.once('finish', () => {
        // It was answered before all of it had arrived.
        if (reply.statusCode >= 400 || request.raw.complete) return;
        discardRest(request.raw, request.raw.socket, { bytes: videoBytes, ms: uploadMs });
      });
      try {
        const principal = request.principal ?? (scope === 'public' ? NOBODY : LOCAL_OPERATOR);
        const call = {
          params: request.params as undefined,
          query: request.query as undefined,
          body: request.body as undefined,
          principal,
          signal: gone.signal,
          services,
          request,
          reply,
        };
        const result = await acting(principal.id, () => each.handle(call));
        if (reply.sent || reply.raw.headersSent) return reply;
        return reply.code(success).send(result);
      } finally {
        request.raw.off('aborted', onClose);
        reply.raw.off('close', onClose);
      }
    },
  });
}

const gones = new WeakMap<FastifyRequest, AbortController>();

/** What is aborted when the client of a request goes away or takes too long. */
function goneOf(request: FastifyRequest): AbortController {
  const known = gones.get(request) ?? new AbortController();
  gones.set(request, known);
  return known;
}

/** A handler that reads the body hears of a late one through its signal; a body that is parsed first is answered here. */
function watchUpload(request: FastifyRequest, reply: FastifyReply, each: Endpoint, limit: number): void {
  const stop = watchBody(request.raw, each.upload === 'long' ? 'steady' : 'whole', limit, () => {
    const error = new VigieError('request-too-slow');
    goneOf(request).abort(error);
    if (each.body === undefined || reply.sent) return;
    sendProblem(error, request, reply);
  });
  reply.raw.once('close', stop);
}

function translate(error: FastifyError, bodyLimit = JSON_LIMIT): VigieError {
  if (error instanceof VigieError) return error;
  if (error.validation !== undefined) {
    const fields = error.validation.slice(0, 5).map((issue) => `${issue.instancePath} ${issue.message ?? ''}`.trim());
    return new VigieError('request-invalid', { detail: fields.join('; '), cause: error });
  }
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new VigieError('content-type-unsupported', { cause: error });
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new VigieError('media-too-large', { detail: `limit ${bodyLimit} bytes`, cause: error });
    case 'FST_FILES_LIMIT':
    case 'FST_PARTS_LIMIT':
    case 'FST_FIELDS_LIMIT':
      return new VigieError('request-invalid', { detail: 'too many parts', cause: error });
    default:
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new VigieError('request-invalid', { detail: error.message, cause: error });
  }
  return VigieError.from(error);
}

const FROM_ELSEWHERE: ReadonlySet<number> = new Set([502, 504]);

function sendProblem(error: VigieError, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  // What somebody else answered badly is told to who asked, and nothing is wrong in here.
  if (FROM_ELSEWHERE.has(error.status)) request.log.info({ code: error.code }, 'another service failed');
  else if (error.status >= 500) request.log.error({ err: error }, 'request failed');
  if (reply.raw.headersSent || reply.raw.destroyed) return undefined;
  if (error.retryAfter !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfter)));
  const { socket } = reply.raw;
  if (!request.raw.complete && socket !== null) reply.raw.once('finish', () => discardRest(request.raw, socket));
  return reply
    .code(error.status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send({ ...error.toProblem(), requestId: request.id });
}
