import { afterEach } from 'vitest';
import { VigieError } from '../../../errors.js';
import { TelegramConnection } from '../connection.js';
import type { TelegramSettings } from '../settings.js';
import { type BotApiFault, BotApiServer } from './bot-api-server.js';
import type { ALL_RIGHTS, Room } from './bot-api-world.js';
import { credentialsOfTests, houseOfTests, IntakeOfTests, settingsOfTests } from './intake-of-tests.js';

/** Connections to servers of their own, which end with their test. */
export interface Started {
  readonly server: BotApiServer;
  readonly intake: IntakeOfTests;
  readonly connection: TelegramConnection;
  readonly stop: () => Promise<void>;
}

/** What is to be done when the test ends, last first. */
export const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

export async function serve(): Promise<BotApiServer> {
  const server = await BotApiServer.open();
  ends.push(() => server[Symbol.asyncDispose]());
  return server;
}

export function connect(
  server: BotApiServer,
  more: Partial<TelegramSettings> = {},
  intake = new IntakeOfTests(),
): Started {
  const connection = new TelegramConnection(
    settingsOfTests(server, more),
    credentialsOfTests,
    houseOfTests(() => server.world.now()),
  );
  const stopping = new AbortController();
  const running = connection.run(intake, stopping.signal);
  running.catch(() => undefined);
  const stop = async () => {
    stopping.abort();
    await running.catch(() => undefined);
  };
  ends.push(stop);
  return { server, intake, connection, stop };
}

/** Runs it until the first answer came. */
export async function start(more: Partial<TelegramSettings> = {}, server?: BotApiServer): Promise<Started> {
  const started = connect(server ?? (await serve()), more);
  await started.server.until(() => started.server.calls('getUpdates').length > 0);
  return started;
}

export function photo(server: BotApiServer, bytes = 'a picture', claimed?: number) {
  const [small, large] = [server.world.file(Buffer.from('small')), server.world.file(Buffer.from(bytes), claimed)];
  const of = ({ id, unique, claimed: size }: typeof small, width: number) => ({
    ...{ file_id: id, file_unique_id: unique, width, height: width, file_size: size },
  });
  return { large, content: { photo: [of(small, 90), of(large, 800)] } };
}

export const never: AbortSignal = new AbortController().signal;

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    (value) => `not refused: ${String(value)}`,
    (error: unknown) => VigieError.from(error).code,
  );
}

export function once(method: string, fault: BotApiFault, times = 1) {
  let left = times;
  return (called: { method: string }) => (called.method === method && left-- > 0 ? fault : undefined);
}

export function memberChange(server: BotApiServer, rights: typeof ALL_RIGHTS) {
  const room = server.world.rooms.get(-1001) as Room;
  room.rights = rights;
  const user = { id: 7_000_000_001, is_bot: true, first_name: 'Vigie' };
  return {
    ...{ chat: room.chat, from: server.world.user(5_000_000_001), date: Math.floor(server.world.now() / 1_000) },
    old_chat_member: { user, status: 'administrator', ...rights, can_delete_messages: false },
    new_chat_member: { user, status: 'administrator', ...rights },
  };
}
