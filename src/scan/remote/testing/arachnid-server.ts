import { type Asked, FaultServer, type Reply } from '../../../lists/sources/testing/fault-server.js';

interface Known {
  readonly classification: string;
  readonly match: 'exact' | 'near';
}

const PDQ_BASE64 = /^[A-Za-z0-9+/]{43}=$/;

/** Project Arachnid Shield on this machine, as far as `v1/pdq/` goes: Basic auth, hashes in base64, no distances. */
export async function openArachnidServer(
  known: ReadonlyMap<string, Known>,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<FaultServer> {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const json = (status: number, body: unknown): Reply => ({
    ...{ status, contentType: 'application/json', body: JSON.stringify(body) },
  });
  return await FaultServer.open(({ method, url, headers, body }: Asked) => {
    if (url.pathname !== '/v1/pdq/') return json(404, { detail: 'Not Found' });
    if (method !== 'POST') return json(405, { detail: 'Method Not Allowed' });
    if (headers.authorization !== expected) return json(401, { detail: 'Invalid authentication credentials' });
    const { hashes } = JSON.parse(body) as { hashes?: unknown };
    if (!Array.isArray(hashes) || !hashes.every((hash) => typeof hash === 'string' && PDQ_BASE64.test(hash))) {
      return json(422, { detail: 'Invalid hashes' });
    }
    const scanned = hashes.map((hash: string) => {
      const found = known.get(hash);
      const near = found?.match === 'near' ? [detailOf(found)] : [];
      const said = { classification: found?.classification ?? 'no-known-match', match_type: found?.match ?? null };
      return [hash, { ...said, near_match_details: near }] as const;
    });
    return json(200, { scanned_hashes: Object.fromEntries(scanned) });
  });
}

function detailOf({ classification }: Known) {
  return { timestamp: 0, sha1_base32: 'A'.repeat(32), sha256_hex: '0'.repeat(64), classification };
}
