// A small platform of one's own, guarded by Vigie: pictures that anybody can share and see, until one is on a list.
import { createServer } from 'node:http';
import { createClient, VigieProblem, verifyCallback } from 'vigie/client';

const { VIGIE_URL, VIGIE_KEY, VIGIE_SECRET, PORT = '8080' } = process.env;
const MOST_BYTES = 20 * 2 ** 20;

const vigie = createClient({ baseUrl: VIGIE_URL, key: VIGIE_KEY });
const posts = new Map();

/** What is shared is handed in before anybody can see it; what could not be handed in is not shared. */
async function share(account, bytes) {
  const id = `post-${posts.size + 1}`;
  await vigie.handIn({ platform: 'pictures', id, account, surface: 'public' }, [{ bytes }]);
  posts.set(id, { bytes, removed: false });
  return { id };
}

/** The same order may come again: what is done already is said to be. */
function carryOut({ act, item }) {
  const post = posts.get(item);
  if (act !== 'remove' && act !== 'restore') return { outcome: 'refused', reason: 'unsupported' };
  // An order may be faster than `share`; a refusal would end it, so it is asked to come again.
  if (post === undefined) return undefined;
  const removed = act === 'remove';
  if (post.removed === removed) return { outcome: 'already' };
  post.removed = removed;
  return { outcome: 'done' };
}

async function answer(request) {
  const route = `${request.method} ${request.url}`;
  if (route === 'POST /posts') return [201, await share(request.headers['x-account'], await read(request))];
  if (route === 'POST /vigie') {
    const callback = verifyCallback(request.headers, await read(request), VIGIE_SECRET);
    if (callback.type === 'ping') return [200, { outcome: 'done' }];
    if (callback.type !== 'order') return [200, {}];
    const outcome = carryOut(callback.data);
    return outcome === undefined ? [503, {}, { 'retry-after': '1' }] : [200, outcome];
  }
  const post = request.method === 'GET' ? posts.get(request.url.replace('/posts/', '')) : undefined;
  return post === undefined || post.removed ? [404, { code: 'not-found' }] : [200, post.bytes];
}

async function read(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Nobody outside is told more than a code. */
function failure(error) {
  if (!(error instanceof VigieProblem)) return [400, { code: 'bad-request' }];
  return [error.code === 'signature-invalid' ? 401 : 503, { code: error.code }];
}

const server = createServer(async (request, response) => {
  const [status, body, headers = {}] = await answer(request).catch(failure);
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const type = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json';
  response.writeHead(status, { 'content-type': type, ...headers }).end(bytes);
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
