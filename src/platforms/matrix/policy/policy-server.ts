import type { BeforePublication, Publication } from '../../../enforcement/before-publication.js';
import type { PlatformHouse } from '../../../enforcement/platform.js';
import { VigieError } from '../../../errors.js';
import { MatrixRefusal } from '../matrix-refusal.js';
import { serverOf } from '../server-of.js';
import { unpublishedId } from '../shared-item.js';
import type { AskedPlatform } from './asked-platform.js';
import type { AskedPlatforms } from './asked-platforms.js';
import { NotCanonical } from './canonical-json.js';
import { Decided } from './decided.js';
import { namesPolicyServer, type PduFields, pduShape } from './pdu-shape.js';
import { type Pdu, redactPdu } from './redact-pdu.js';
import { contentHash, eventIdOf, isSigned, publicKeyOf, referenceHash, signJson } from './sign-json.js';
import { readXMatrix } from './x-matrix.js';

/** The one name that a policy server's signature goes by (Server-Server API, "Policy Servers"). */
const KEY_ID = 'ed25519:policy_server';
/** Requests that are answered at the same time; more are sent away. */
const MOST_AT_ONCE = 512;

export interface PolicyServerOptions {
  readonly platforms: AskedPlatforms;
  readonly publication: BeforePublication;
  readonly house: Pick<PlatformHouse, 'logger' | 'now'>;
  /** Told of each answer, for the figures. */
  readonly answered?: (platform: string, answer: Publication) => void;
}

/** A request of another server. */
export interface SignRequest {
  /** The path as it was asked for, with its query. */
  readonly uri: string;
  readonly authorization: string | undefined;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface SignAnswer {
  readonly status: number;
  readonly body: Pdu;
}

/** Answers servers that ask whether an event may be published, with a signature when it may. */
export class PolicyServer {
  readonly #options: PolicyServerOptions;
  readonly #decided: Decided;
  #atOnce = 0;

  constructor(options: PolicyServerOptions) {
    this.#options = options;
    this.#decided = new Decided(options.house.now);
  }

  /**
   * The public key under a server name, for the state of rooms; the only one there is when the name is not known.
   * @returns undefined when nobody is asked here
   */
  async publicKey(server: string | undefined): Promise<string | undefined> {
    const all = await this.#options.platforms.all();
    const named =
      all.find(({ settings }) => settings.policyServer === server) ?? (all.length === 1 ? all[0] : undefined);
    return named === undefined ? undefined : publicKeyOf(named.key);
  }

  /** @throws VigieError of the database; what keeps a refusal from being written down */
  async sign(request: SignRequest): Promise<SignAnswer> {
    if (this.#atOnce >= MOST_AT_ONCE) return limited(1);
    this.#atOnce++;
    try {
      return await this.#sign(request);
    } catch (error) {
      if (error instanceof NotCanonical) return refusal(400, 'M_BAD_JSON', 'the event has no canonical form');
      if (error instanceof MatrixRefusal) return refusal(404, 'M_NOT_FOUND', 'the room is not known');
      if (!(error instanceof VigieError) || !error.code.startsWith('platform-')) throw error;
      this.#options.house.logger.warn({ code: error.code }, 'a policy server could not ask its homeserver');
      return error.retryAfter === undefined
        ? refusal(502, 'M_UNKNOWN', 'the homeserver does not answer')
        : limited(error.retryAfter);
    } finally {
      this.#atOnce--;
    }
  }

  async #sign({ uri, authorization, body, signal }: SignRequest): Promise<SignAnswer> {
    const content = objectOf(body);
    if (content === undefined) return refusal(400, 'M_NOT_JSON', 'the body is no JSON object');
    const asked = readXMatrix(authorization);
    const all = await this.#options.platforms.all();
    const platform =
      all.find(({ settings }) => settings.policyServer === asked?.destination) ??
      (asked?.destination === undefined && all.length === 1 ? all[0] : undefined);
    if (all.length === 0) return refusal(404, 'M_UNRECOGNIZED', 'this is no policy server');
    if (asked === undefined || platform === undefined) return refusal(401, 'M_UNAUTHORIZED', 'who asks is not proved');
    const publicKey = await platform.keys.find(asked.origin, asked.key, signal);
    const { origin, signature } = asked;
    const destination = asked.destination === undefined ? {} : { destination: asked.destination };
    const sent = { method: 'POST', uri, origin, ...destination, content };
    if (publicKey === undefined || !isSigned(sent, signature, publicKey)) {
      return refusal(401, 'M_UNAUTHORIZED', 'who asks is not proved');
    }
    return await this.#answer(platform, content, origin, signal);
  }

  async #answer(platform: AskedPlatform, content: Pdu, origin: string, signal: AbortSignal): Promise<SignAnswer> {
    const { data: pdu } = pduShape.safeParse(content);
    if (pdu === undefined) return refusal(400, 'M_BAD_JSON', 'the event is not what an event should be');
    const room = pdu.room_id ?? roomMadeBy(pdu, content);
    if (room === undefined) return refusal(400, 'M_BAD_JSON', 'the event is of no room');
    const version = await platform.versions.of(room, signal);
    if (version === 'outside') return refusal(404, 'M_NOT_FOUND', 'the room is not known');
    if (version === 'unknown')
      return refusal(400, 'M_UNSUPPORTED_ROOM_VERSION', 'the version of the room is not known');
    // Servers name events of newer rooms by their hash; what else is said there is no part of it.
    const { event_id: given, ...unnamed } = content;
    const event: Pdu = version <= 2 ? { ...unnamed, event_id: given } : unnamed;
    if (version <= 2 && pdu.event_id === undefined) return refusal(400, 'M_BAD_JSON', 'the event has no id');
    // The signature covers the content by its hash alone: what was looked at must be what is hashed.
    if (contentHash(event) !== pdu.hashes.sha256.replace(/=+$/, '')) {
      return refusal(400, 'M_BAD_JSON', 'the content is not the one that was hashed');
    }
    if (!(await isBySender(platform, { pdu, event, version, origin }, signal))) {
      return refusal(400, 'M_BAD_JSON', 'the event is not signed by the server of its sender');
    }
    const key = `${platform.name} ${Buffer.from(referenceHash(event, version)).toString('base64url')}`;
    const publication = namesPolicyServer(pdu)
      ? 'allow'
      : await this.#decided.once(key, () => this.#judge(platform, pdu, room, eventIdOf(event, version)), signal);
    this.#options.answered?.(platform.name, publication);
    const { policyServer, policyUnsure } = platform.settings;
    if (publication === 'refuse' || (publication === 'unsure' && policyUnsure === 'refuse')) {
      return refusal(400, 'M_FORBIDDEN', 'the event is not recommended for the room');
    }
    return { status: 200, body: { [policyServer]: { [KEY_ID]: signJson(redactPdu(event, version), platform.key) } } };
  }

  /** Not ended by who asked first: others wait for the same answer, which must be the same for all. */
  async #judge(platform: AskedPlatform, pdu: PduFields, room: string, id: string): Promise<Publication> {
    const { publication } = this.#options;
    const { policySeconds, policyUnsure } = platform.settings;
    const deadline = AbortSignal.timeout(policySeconds * 1_000);
    // Nobody but who is in the room can look into it.
    if (pdu.type === 'm.room.encrypted') return 'unsure';
    const read = await platform.itemOf(pdu, room, id, deadline).catch((error: unknown) => {
      if (!deadline.aborted) throw error;
      return 'late' as const;
    });
    // The connection will see it in the room.
    if (read === 'late') return 'unsure';
    if (read === undefined) return 'allow';
    const { account, ...nobodys } = read;
    // Nobody has proved who sent it.
    const item = account === undefined || isInvitationByOthers(pdu) ? nobodys : read;
    // Where the bot may, its media are put away by the act that finds no event.
    const refused = { id: unpublishedId(id), leaves: platform.settings.admin === 'synapse' };
    const said = await publication.judge(platform.name, item, refused, deadline);
    if (said === 'unsure' && policyUnsure === 'allow') await publication.handIn(platform.name, item);
    return said;
  }
}

/** In newer rooms the event that makes a room names none, as the room is named by it. */
function roomMadeBy({ type, state_key: key }: PduFields, content: Pdu): string | undefined {
  if (type !== 'm.room.create' || key !== '') return undefined;
  return `!${Buffer.from(referenceHash(content, 12)).toString('base64url')}`;
}

interface Claimed {
  readonly pdu: PduFields;
  readonly event: Pdu;
  readonly version: number;
  readonly origin: string;
}

/**
 * Whether the server of the sender stands for an event: by a signature or, where it has not signed yet, by asking itself.
 * An invitation through somebody else may be sent by another server.
 */
async function isBySender(
  platform: AskedPlatform,
  { pdu, event, version, origin }: Claimed,
  signal: AbortSignal,
): Promise<boolean> {
  if (isInvitationByOthers(pdu)) return true;
  const server = serverOf(pdu.sender);
  const signatures = Object.entries(pdu.signatures[server] ?? {}).filter(([id]) => id !== KEY_ID);
  if (signatures.length === 0) return origin === server;
  const signed = redactPdu(event, version);
  for (const [id, signature] of signatures.slice(0, 4)) {
    const key = await platform.keys.find(server, id, signal, pdu.origin_server_ts);
    if (key !== undefined && isSigned(signed, signature, key)) return true;
  }
  return false;
}

function isInvitationByOthers({ type, content }: PduFields): boolean {
  return type === 'm.room.member' && content['membership'] === 'invite' && content['third_party_invite'] !== undefined;
}

function refusal(status: number, errcode: string, error: string): SignAnswer {
  return { status, body: { errcode, error } };
}

function limited(seconds: number): SignAnswer {
  return {
    status: 429,
    body: { errcode: 'M_LIMIT_EXCEEDED', error: 'too much', retry_after_ms: Math.ceil(seconds * 1_000) },
  };
}

function objectOf(text: string): Pdu | undefined {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === 'object' && said !== null && !Array.isArray(said) ? (said as Pdu) : undefined;
  } catch {
    return undefined;
  }
}
