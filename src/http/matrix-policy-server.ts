import Fastify, { type FastifyBaseLogger, type FastifyError, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import { VigieError } from '../errors.js';
import type { PolicyServer, SignAnswer } from '../platforms/matrix/policy/policy-server.js';
import { acting } from '../runtime/acting.js';
import { watchBody } from './body-clock.js';
import type { Services } from './services.js';

/** An event has 65,536 bytes at the most; a server may write it with more signs than it needs. */
const BODY_LIMIT = 256 * 2 ** 10;
const BODY_MS = 10_000;

const SIGN = '/_matrix/policy/v1/sign';
/** As it was called before version 1.18 of the specification, where a refusal was an empty answer. */
const SIGN_BEFORE = '/_matrix/policy/unstable/org.matrix.msc4284/sign';

export interface MatrixPolicyServerOptions {
  readonly services: Pick<Services, 'metrics' | 'stopping' | 'newId' | 'noteUnforeseen'>;
  readonly policyServer: PolicyServer;
  readonly logger: Logger;
}

/** Where servers of Matrix ask before they publish, on a port of its own; it does not listen yet. */
export async function buildMatrixPolicyServer(options: MatrixPolicyServerOptions): Promise<FastifyInstance> {
  const { services, policyServer, logger } = options;
  const server: FastifyInstance = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    ...{ bodyLimit: BODY_LIMIT, requestTimeout: 0, connectionTimeout: 0, keepAliveTimeout: 30_000 },
    genReqId: () => services.newId(),
  });
  server.removeAllContentTypeParsers();
  // The body is JSON whatever the header says, and is signed as it is.
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  server.setNotFoundHandler((request, reply) => {
    const known = [SIGN, SIGN_BEFORE, WELL_KNOWN].includes(request.url.split('?', 1)[0] ?? '');
    return reply.code(known ? 405 : 404).send({ errcode: 'M_UNRECOGNIZED', error: 'there is no such thing here' });
  });
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const { status, body } = answerTo(error);
    if (status === 500) {
      services.noteUnforeseen(`${request.method} ${request.routeOptions.url ?? ''}`);
      request.log.error({ err: error }, 'request failed');
    }
    return reply.code(status).send(body);
  });
  server.addHook('onRequest', async (request, reply) => {
    if (services.stopping.aborted) throw new VigieError('shutting-down', { retryAfter: 5 });
    const stop = watchBody(request.raw, 'whole', BODY_MS, () => request.raw.destroy());
    reply.raw.once('close', stop);
  });
  server.addHook('onResponse', async (request, reply) => {
    const labels = { route: `matrix:${request.routeOptions.url ?? 'none'}`, method: request.method };
    services.metrics.count('vigie_http_requests_total', { ...labels, status: String(reply.statusCode) });
    services.metrics.observe('vigie_http_request_seconds', labels, reply.elapsedTime / 1_000);
  });
  for (const url of [SIGN, SIGN_BEFORE]) {
    server.post(url, async (request, reply) => {
      const gone = new AbortController();
      const onClose = () => gone.abort(new VigieError('request-too-slow', { detail: 'the client went away' }));
      reply.raw.once('close', onClose);
      const { authorization } = request.headers;
      const body = typeof request.body === 'string' ? request.body : '';
      const asked = { uri: request.url, authorization, body, signal: gone.signal };
      const answer = await acting('service', async () => await policyServer.sign(asked));
      reply.raw.off('close', onClose);
      const refused = url === SIGN_BEFORE && answer.status === 400 && answer.body['errcode'] === 'M_FORBIDDEN';
      return reply.code(refused ? 200 : answer.status).send(refused ? {} : answer.body);
    });
  }
  server.get(WELL_KNOWN, async (request, reply) => {
    const key = await policyServer.publicKey(request.host);
    reply.header('access-control-allow-origin', '*');
    if (key === undefined) return reply.code(404).send({ errcode: 'M_NOT_FOUND', error: 'nobody is asked here' });
    return reply.send({ public_keys: { ed25519: key } });
  });
  return server;
}

const WELL_KNOWN = '/.well-known/matrix/policy_server';

function answerTo(error: FastifyError): SignAnswer {
  const of = (status: number, errcode: string, more = {}) => ({ status, body: { errcode, error: errcode, ...more } });
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return of(413, 'M_TOO_LARGE');
  if (error instanceof VigieError) {
    const { status, retryAfter } = error;
    // Not signed, and not refused either: it is asked again.
    if (retryAfter !== undefined) return of(429, 'M_LIMIT_EXCEEDED', { retry_after_ms: Math.ceil(retryAfter * 1_000) });
    return of(status >= 500 ? (status === 500 ? 500 : 503) : 400, 'M_UNKNOWN');
  }
  const { statusCode: status = 500 } = error;
  return of(status >= 400 && status < 500 ? status : 500, 'M_UNKNOWN');
}
