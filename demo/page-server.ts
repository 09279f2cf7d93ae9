import { resolve } from 'node:path';
import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import { askVigie, follow } from './follow.js';
import { ROOM, type Stage, VISITOR } from './stage.js';

const PAGE = resolve('demo/page');
const CONVERSE = resolve('node_modules/converse.js/dist');
const HOST = '127.0.0.1';
/** A room's own id of a message, as Prosody gives them. */
const MESSAGE = /^[\w.-]{1,64}$/;

/** The samples that the page offers, and what is said of them. */
const OFFERED = [
  { name: 'lighthouse.jpg', title: 'Lighthouse', note: 'on the list', listed: true },
  { name: 'lighthouse-small.jpg', title: 'Lighthouse', note: 'listed, small copy', listed: true },
  { name: 'regatta-bordered.jpg', title: 'Regatta', note: 'listed, in a frame', listed: true },
  { name: 'harbour-mirrored.webp', title: 'Harbour', note: 'listed, mirrored', listed: true },
  { name: 'unlisted-cove.jpg', title: 'Cove', note: 'on no list', listed: false },
  { name: 'unlisted-pier.jpg', title: 'Pier', note: 'on no list', listed: false },
] as const;

export interface PageServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:8791`. */
  readonly address: string;
}

/**
 * Serves the page, and tells it what Vigie says: the key stays here.
 * @param port 0 for any; when it is taken, another is used
 */
export async function servePage(stage: Stage, port: number): Promise<PageServer> {
  const closing = new AbortController();
  const app = fastify({ forceCloseConnections: true });
  const web = `${HOST}:${stage.prosody.httpPort}`;
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self' data:",
    `img-src 'self' data: blob: http://${web}`,
    `connect-src 'self' ws://${web} http://${web}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  app.addHook('onRequest', async ({ host }, reply) => {
    // A name that leads here from elsewhere is not ours.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)) return await reply.code(421).send();
    void reply.headers({ 'content-security-policy': policy, 'x-content-type-options': 'nosniff' });
  });
  await app.register(fastifyStatic, { root: PAGE });
  await app.register(fastifyStatic, { root: CONVERSE, prefix: '/converse/', decorateReply: false });
  app.get('/api/room', async () => ({
    ...{ room: ROOM, account: `${VISITOR}@localhost`, password: VISITOR, nick: VISITOR },
    ...{ websocket: `ws://${web}/xmpp-websocket`, samples: OFFERED },
  }));
  app.get<{ Params: { name: string } }>('/api/samples/:name', async ({ params }, reply) => {
    const offered = OFFERED.find(({ name }) => name === params.name);
    if (offered === undefined) return await reply.code(404).send();
    const answer = await askVigie(stage, `/v1/samples/${offered.name}`, closing.signal);
    const type = offered.name.endsWith('.webp') ? 'image/webp' : 'image/jpeg';
    return await reply.type(type).send(Buffer.from(await answer.arrayBuffer()));
  });
  app.get<{ Params: { id: string }; Querystring: { had?: string } }>('/api/messages/:id', async (request, reply) => {
    const { id } = request.params;
    if (!MESSAGE.test(id)) return await reply.code(404).send();
    return await follow(stage, id, String(request.query.had), closing.signal);
  });
  const listen = async (wanted: number) => await app.listen({ host: HOST, port: wanted });
  const address = await listen(port).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    return await listen(0);
  });
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await app.close();
    },
  };
}
