/** Another homeserver, as far as it writes events, and asks a policy server about them. */
import type { KeyObject } from 'node:crypto';
import { type Pdu, redactPdu } from '../policy/redact-pdu.js';
import { contentHash, isSigned, publicKeyOf, signingKey, signJson } from '../policy/sign-json.js';

const KEY_ID = 'ed25519:one';

export class SigningServer {
  readonly name: string;
  readonly key: KeyObject;

  constructor(name: string) {
    this.name = name;
    this.key = signingKey(Buffer.alloc(32, name));
  }

  /** What it publishes of its keys. */
  get keys(): Pdu {
    const said = {
      server_name: this.name,
      valid_until_ts: Date.now() + 3_600_000,
      verify_keys: { [KEY_ID]: { key: publicKeyOf(this.key) } },
      old_verify_keys: {},
    };
    return { ...said, signatures: { [this.name]: { [KEY_ID]: signJson(said, this.key) } } };
  }

  /** An event of somebody there, hashed and signed, in a room of version 11. */
  event(room: string, content: object, more: object = {}): Pdu {
    const said = {
      ...{ type: 'm.room.message', room_id: room, sender: `@ann:${this.name}`, content, depth: 7 },
      ...{ origin_server_ts: Date.now(), prev_events: ['$before'], auth_events: ['$first'], ...more },
    };
    const hashed = { ...said, hashes: { sha256: contentHash(said) } };
    return { ...hashed, signatures: { [this.name]: { [KEY_ID]: signJson(redactPdu(hashed, 11), this.key) } } };
  }

  /** Asks a policy server. */
  async ask(address: string, destination: string, event: Pdu, where = '/_matrix/policy/v1/sign'): Promise<Asked> {
    const sent = { method: 'POST', uri: where, origin: this.name, destination, content: event };
    const says = { origin: this.name, destination, key: KEY_ID, sig: signJson(sent, this.key) };
    const header = Object.entries(says).map(([name, value]) => `${name}="${value}"`);
    const authorization = `X-Matrix ${header.join(',')}`;
    const body = JSON.stringify(event);
    const answer = await fetch(`${address}${where}`, { method: 'POST', headers: { authorization }, body });
    return { status: answer.status, body: (await answer.json()) as Asked['body'] };
  }
}

export interface Asked {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Whether an answer bears the signature that servers want to see, by a key that a room was told. */
export function isRecommended({ status, body }: Asked, via: string, publicKey: string, event: Pdu): boolean {
  const signature = (body[via] as Readonly<Record<string, string>> | undefined)?.['ed25519:policy_server'];
  return status === 200 && signature !== undefined && isSigned(redactPdu(event, 11), signature, publicKey);
}
