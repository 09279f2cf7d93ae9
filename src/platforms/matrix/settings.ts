import { z } from 'zod';
import { baseUrlOrNothingSchema, baseUrlSchema } from '../../net/base-url.js';

const roomName = z
  .string()
  .max(255)
  .regex(/^[!#][^\s\p{Cc}]+$/u, 'a room such as #lobby:example.org or !id:example.org');
const SERVER = '([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?';
const serverName = z
  .string()
  .max(230)
  .regex(new RegExp(`^${SERVER}$`), 'the name of a server such as example.org');
const rooms = z.array(roomName).max(500).default([]);

/** What an operator chooses of a connection to a homeserver. */
export const matrixSettings = z.strictObject({
  baseUrl: baseUrlSchema.describe('Where the homeserver of the bot is, such as https://matrix.example.org'),
  rooms: rooms.describe(
    'Rooms to join and watch, such as #lobby:example.org; those that it is in already are watched too',
  ),
  acceptInvitesFrom: z
    .array(serverName)
    .max(100)
    .default([])
    .describe('Servers whose people may invite the bot into rooms, such as example.org'),
  openRooms: z
    .array(
      z
        .string()
        .max(255)
        .regex(/^![^\s\p{Cc}]+$/u, 'an id such as !id:example.org'),
    )
    .max(500)
    .default([])
    .describe('Rooms that anybody gets into although they are not public by their settings; others are private'),
  memberAvatars: z.boolean().default(false).describe('Look at the pictures of the people who join or change theirs'),
  backfillDays: z
    .number()
    .int()
    .min(0)
    .max(3_650)
    .default(7)
    .describe('How many days of a room are looked at when it is watched for the first time'),
  admin: z
    .enum(['none', 'synapse'])
    .default('none')
    .describe(
      '`synapse`: the bot is an administrator of its Synapse: the media of what is removed are quarantined there, and reports of users are read',
    ),
  adminUrl: baseUrlOrNothingSchema
    .default('')
    .describe('Where the interface for administrators is, when it is not at the same address'),
  policyServer: z
    .string()
    .max(230)
    .regex(new RegExp(`^(?:|${SERVER})$`), 'the name of a server such as policy.example.org')
    .default('')
    .describe(
      'The name under which it is asked before a message is published, see docs/matrix.md: the server name of the bot. Empty: it is not',
    ),
  policyKey: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(1)
    .describe('Another number makes another signing key, which every room has to be told'),
  policySeconds: z
    .number()
    .min(0.5)
    .max(25)
    .default(2.5)
    .describe(
      'How long a message is looked at before it is answered. Synapse waits for 3 seconds, others for up to 30',
    ),
  policyUnsure: z
    .enum(['allow', 'refuse'])
    .default('allow')
    .describe('What is answered when it could not be told in time: `allow` has it looked at afterwards'),
});

export type MatrixSettings = z.output<typeof matrixSettings>;

export const matrixCredentials = z.strictObject({
  token: z
    .string()
    .min(1)
    .max(4_096)
    .regex(/^[\x21-\x7e]+$/, 'an access token')
    .describe('The access token of the bot'),
});

export type MatrixCredentials = z.output<typeof matrixCredentials>;
