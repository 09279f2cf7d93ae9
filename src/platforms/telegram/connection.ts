import { setMaxListeners } from 'node:events';
import { GrammyError } from 'grammy';
import type { Order, Outcome } from '../../enforcement/acts.js';
import type { Platform, PlatformHouse, PlatformIntake } from '../../enforcement/platform.js';
import { VigieError } from '../../errors.js';
import { withoutSlash } from '../../net/base-url.js';
import { abortable } from '../../runtime/abortable.js';
import { persist } from '../persist.js';
import { BotApi } from './bot-api.js';
import { Deletions } from './deletions.js';
import { LogChannel } from './log-channel.js';
import { TelegramMemory } from './memory.js';
import { Messages } from './messages.js';
import { Pace } from './pace.js';
import { poll } from './poll.js';
import { Rooms } from './rooms.js';
import type { TelegramCredentials, TelegramSettings } from './settings.js';
import { TELEGRAM_ACTS, TelegramActs } from './telegram-acts.js';
import { Updates } from './updates.js';
import { keepWebhook } from './webhook.js';

/** Deliveries that are being taken in; Telegram makes no more than this at once, and those again that took too long. */
const MOST_DELIVERIES = 200;

const COMMANDS = [
  { command: 'start', description: 'What this bot does' },
  { command: 'status', description: 'Whether this group is watched' },
  { command: 'report', description: 'Report the message that you answer' },
];

interface Running {
  readonly intake: PlatformIntake;
  readonly updates: Updates;
  readonly rooms: Rooms;
  readonly signal: AbortSignal;
}

/** A bot of Telegram. */
export class TelegramConnection implements Platform {
  readonly acts = TELEGRAM_ACTS;
  readonly #settings: TelegramSettings;
  readonly #token: string;
  readonly #house: PlatformHouse;
  readonly #api: BotApi;
  readonly #memory = new TelegramMemory();
  readonly #messages: Messages;
  readonly #acts: TelegramActs;
  readonly #log: LogChannel | undefined;
  readonly #deliveries = new Map<unknown, Promise<void>>();
  #running: Running | undefined;

  constructor(settings: TelegramSettings, { token }: TelegramCredentials, house: PlatformHouse) {
    this.#settings = settings;
    this.#token = token;
    this.#house = house;
    this.#api = new BotApi({ baseUrl: withoutSlash(settings.baseUrl), token, client: house.client }, house.now);
    this.#messages = new Messages(this.#api, new Pace(house.now));
    this.#acts = new TelegramActs({
      ...{ api: this.#api, messages: this.#messages, memory: this.#memory, now: house.now },
      deletions: new Deletions(this.#api, settings.confirm),
      rightMissing: (room) => this.#running?.rooms.check(room),
    });
    if (settings.logChannel !== '') {
      this.#log = new LogChannel(settings.logChannel, this.#messages, () => this.#logFailed());
    }
  }

  /** @inheritdoc */
  async run(intake: PlatformIntake, signal: AbortSignal): Promise<void> {
    try {
      await this.#run(intake, own(signal));
    } catch (error) {
      // To be aborted is how it ends.
      if (!signal.aborted) throw error instanceof GrammyError ? refused(error) : error;
    }
  }

  /** @inheritdoc */
  async act(order: Order, signal: AbortSignal): Promise<Outcome> {
    const outcome = await this.#acts.carry(order, own(signal));
    const running = this.#running;
    if (running !== undefined) this.#log?.note(order.act, outcome, order.target.room, running.signal);
    return outcome;
  }

  /** @inheritdoc */
  async deliver(body: unknown, signal: AbortSignal): Promise<void> {
    const running = this.#running;
    if (running === undefined) throw new VigieError('delivery-untaken', { detail: 'not connected' });
    await abortable(this.#taking(running.updates, body), signal);
  }

  /** What is delivered again while it is still being taken in waits for that. */
  #taking(updates: Updates, body: unknown): Promise<void> {
    const id = (body as { readonly update_id?: unknown } | null)?.update_id;
    const known = this.#deliveries.get(id);
    if (known !== undefined) return known;
    if (this.#deliveries.size >= MOST_DELIVERIES)
      throw new VigieError('delivery-untaken', { detail: 'too many at once' });
    const taking = updates.take(body).finally(() => this.#deliveries.delete(id));
    taking.catch((error: unknown) => {
      this.#house.logger.warn({ code: VigieError.from(error).code }, 'a delivery of Telegram was not taken in');
    });
    this.#deliveries.set(id, taking);
    return taking;
  }

  async #run(intake: PlatformIntake, signal: AbortSignal): Promise<void> {
    const { logger, now } = this.#house;
    const { openRooms, localFiles, profilePhotos, mode } = this.#settings;
    const api = this.#api;
    const again = (error: VigieError) => logger.warn({ code: error.code }, 'Telegram is tried again');
    const me = await persist(() => api.ask('getMe', (raw, stop) => raw.getMe(stop), signal), signal, again);
    this.#memory.attach(intake);
    const common = { api, intake, messages: this.#messages, logger, signal };
    const rooms = new Rooms({ ...common, memory: this.#memory, self: me.id });
    const updates = new Updates({
      ...{ ...common, rooms, now, profilePhotos, self: { id: me.id, username: me.username } },
      ...{ openRooms: new Set(openRooms), cloud: localFiles === '' },
    });
    this.#running = { intake, updates, rooms, signal };
    try {
      await this.#offerCommands(signal);
      if (mode === 'webhook')
        await keepWebhook({ api, intake, now, token: this.#token, url: this.#webhookUrl }, signal);
      else await poll({ api, intake, updates, logger }, signal);
    } finally {
      this.#running = undefined;
      await Promise.all([rooms.settle(), this.#log?.settle()]);
      this.#memory.detach();
    }
  }

  get #webhookUrl(): string {
    const { name = '' } = this.#house;
    return `${withoutSlash(this.#settings.publicUrl)}/v1/platforms/${name}/deliveries`;
  }

  async #offerCommands(signal: AbortSignal): Promise<void> {
    try {
      await this.#api.ask('setMyCommands', (raw, stop) => raw.setMyCommands({ commands: COMMANDS }, stop), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof VigieError && error.code === 'platform-refused') throw error;
      this.#house.logger.warn({ code: 'act-refused' }, 'the commands of the bot could not be set');
    }
  }

  #logFailed(): void {
    this.#house.logger.warn({ code: 'act-refused' }, 'the log channel could not be written to');
    this.#running?.intake.trouble({ code: 'log-channel' }).catch(() => undefined);
  }
}

/** A signal that as many may listen to as there are messages at once. */
function own(signal: AbortSignal): AbortSignal {
  const listened = AbortSignal.any([signal]);
  setMaxListeners(0, listened);
  return listened;
}

function refused({ error_code: code }: GrammyError): VigieError {
  return new VigieError('platform-refused', { detail: `error ${code}` });
}
