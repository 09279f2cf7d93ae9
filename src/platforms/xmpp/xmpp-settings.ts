import { z } from 'zod';

const jid = z
  .string()
  .max(255)
  .regex(/^[^\s"&'/:<>@\p{Cc}]{1,120}@[^\s"&'/:<>@\p{Cc}]{1,120}$/u, 'an address such as name@example.org')
  .transform((text) => text.toLowerCase());
const domain = z
  .string()
  .max(120)
  .regex(/^[^\s"&'/:<>@\p{Cc}]+$/u, 'a name such as rooms.example.org')
  .transform((text) => text.toLowerCase());

/** What an operator chooses of a connection to an XMPP server. */
export const xmppSettings = z
  .object({
    account: jid.describe('The account of Vigie, such as vigie@example.org. Make it an admin or owner of the rooms.'),
    address: z
      .string()
      .max(255)
      .regex(/^xmpps?:\/\/(\[[0-9a-f:]+\]|[^\s/:]+):\d{1,5}$/i, 'such as xmpp://xmpp.example.org:5222')
      .optional()
      .describe(
        'Where the server is, when it is not at the domain of the account, port 5222: xmpp:// turns TLS on after connecting, xmpps:// begins with it.',
      ),
    service: domain
      .optional()
      .describe('The service of rooms, such as rooms.example.org: all its public rooms are watched.'),
    rooms: z.array(jid).max(500).default([]).describe('Rooms to watch besides, such as lobby@rooms.example.org.'),
    nick: z
      .string()
      .min(1)
      .max(60)
      .regex(/^[^/\p{Cc}]+$/u)
      .default('Vigie')
      .describe('What it is called in the rooms.'),
    uploads: z
      .array(z.url({ protocol: /^https?$/ }).max(1_000))
      .max(16)
      .default([])
      .describe(
        'What the addresses of uploads of this server begin with, such as https://upload.example.org/file_share/. Found by itself where mod_vigie_uploads is loaded.',
      ),
    backfillDays: z
      .number()
      .int()
      .min(0)
      .max(3_650)
      .default(7)
      .describe('How many days of the archive of a room are looked at when it is watched for the first time.'),
  })
  .strict()
  .refine(({ service, rooms }) => service !== undefined || rooms.length > 0, 'a service or at least one room');

export type XmppSettings = z.output<typeof xmppSettings>;

export const xmppCredentials = z
  .object({ password: z.string().min(1).max(1_000).describe('The password of the account.') })
  .strict();

export type XmppCredentials = z.output<typeof xmppCredentials>;
