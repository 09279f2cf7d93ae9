import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../access/principal.js';
import { parseRate } from '../access/quotas.js';
import { VigieError } from '../errors.js';
import type { StoredMember } from '../storage/publishing/member-store.js';
import type { Services } from './services.js';

const members = new WeakMap<FastifyRequest, StoredMember>();

/**
 * Tells which member asks, by its key: as a bearer's token, or as the password of Basic authentication with its name, which
 * is how existing clients of hash exchanges do it.
 * @throws VigieError `rate-limited`, `key-missing`, `key-invalid`
 */
export async function authenticateMember(
  request: FastifyRequest,
  reply: FastifyReply,
  { rates, publishing }: Pick<Services, 'rates' | 'publishing'>,
): Promise<Principal> {
  const header = request.headers.authorization;
  if (header === undefined) {
    reply.header('www-authenticate', 'Basic realm="Vigie", charset="UTF-8"');
    rates.admitAddress(request.ip);
    throw new VigieError('key-missing');
  }
  const { name, key } = credentialsOf(header);
  // Whoever guesses must not load the database.
  const member = key === undefined || rates.isShut(request.ip) ? undefined : await publishing.members.find(key);
  if (member === undefined || (name !== undefined && name !== member.name)) {
    rates.failed(request.ip);
    throw new VigieError('key-invalid');
  }
  members.set(request, member);
  const rate = member.rate === null ? undefined : parseRate(member.rate);
  const principal: Principal = {
    ...{ kind: 'service', id: `member-${member.id}`, name: member.name, scopes: new Set() },
    ...(rate && { rate }),
  };
  rates.admit(principal, 'feed');
  return principal;
}

/** The member that a request of the scope `member` comes from. */
export function memberOf(request: FastifyRequest): StoredMember {
  const member = members.get(request);
  if (member === undefined) throw new VigieError('key-missing');
  return member;
}

function credentialsOf(header: string): { readonly name?: string; readonly key?: string } {
  const bearer = /^Bearer ([\x21-\x7e]+)$/i.exec(header)?.[1];
  if (bearer !== undefined) return { key: bearer };
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header)?.[1];
  const [, name, key] = /^([^:]*):(.*)$/.exec(Buffer.from(basic ?? '', 'base64').toString()) ?? [];
  return name === undefined || key === undefined ? {} : { name, key };
}
