import { z } from 'zod';
import { SESSION_COOKIE } from '../authenticate.js';
import { endpoint } from '../endpoint.js';
import type { Services } from '../services.js';

export const openSession = endpoint({
  method: 'POST',
  url: '/v1/sessions',
  scope: 'public',
  summary: 'Spend a one-time link',
  description: 'Opens a console session of twelve hours; the secret comes back as a cookie that scripts cannot read.',
  body: z.object({ link: z.string().min(16).max(128) }).strict(),
  answer: z.object({ opened: z.literal(true) }),
  handle: async ({ body, request, reply, services }) => {
    const secret = openOrCount(services, body.link, request.ip);
    const session = services.sessions.find(secret)?.id ?? null;
    await services.audit.note({ kind: 'session.opened', subject: 'service', refs: { session } });
    // Without a proxy there is loopback only; with one, the cookie must not travel in clear.
    const secure = services.config.behindProxy ? '; Secure' : '';
    reply.header(
      'set-cookie',
      `${SESSION_COOKIE}=${secret}; Path=/; HttpOnly; SameSite=Strict${secure}; Max-Age=43200`,
    );
    return { opened: true as const };
  },
});

/** A link that is no link counts as a refused key does. */
function openOrCount({ rates, sessions }: Services, link: string, ip: string): string {
  if (rates.isShut(ip)) rates.failed(ip);
  try {
    return sessions.open(link);
  } catch (error) {
    rates.failed(ip);
    throw error;
  }
}

export const createLink = endpoint({
  method: 'POST',
  url: '/v1/links',
  scope: 'keys:write',
  summary: 'Make a one-time link to the console',
  answer: z.object({
    address: z.string(),
    link: z.string().describe('The secret that stands behind the # of the address: `<address>/open#<link>`.'),
  }),
  status: 201,
  handle: async ({ services }) => {
    await services.audit.note({ kind: 'link.created', subject: 'service' });
    return { address: services.address, link: services.sessions.createLink() };
  },
});
