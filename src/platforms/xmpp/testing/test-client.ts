import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Element, xml } from '@xmpp/client';
import { drain, httpRequest } from '../../../runtime/http-request.js';
import { NS } from '../namespaces.js';
import { Session } from '../session.js';
import { DOMAIN, type TestProsody, UPLOADS } from './prosody.js';

const WAIT_MS = 15_000;

/** Somebody with a client of their own. */
export class TestClient {
  readonly name: string;
  readonly session: Session;
  readonly heard: Element[];

  private constructor(name: string, session: Session, heard: Element[]) {
    this.name = name;
    this.session = session;
    this.heard = heard;
  }

  /** @param hears told of every stanza at once */
  static async signIn(
    prosody: TestProsody,
    name: string,
    hears: (stanza: Element) => void = () => undefined,
  ): Promise<TestClient> {
    const heard: Element[] = [];
    const session = await Session.open(
      {
        ...{ account: `${name}@${DOMAIN}`, password: name, address: prosody.address },
        onStanza: (stanza) => {
          heard.push(stanza);
          hears(stanza);
        },
      },
      AbortSignal.timeout(WAIT_MS),
    );
    await session.send(xml('presence'));
    return new TestClient(name, session, heard);
  }

  get account(): string {
    return `${this.name}@${DOMAIN}`;
  }

  /** Waits for something that was said to this client, also before. */
  async sees(what: (stanza: Element) => boolean): Promise<Element> {
    const found = await eventually(() => this.heard.find(what));
    return found;
  }

  async join(room: string): Promise<void> {
    const to = `${room}/${this.name}`;
    await this.session.send(xml('presence', { to }, xml('x', { xmlns: NS.muc })));
    await this.sees(({ name, attrs }) => name === 'presence' && attrs['from'] === to);
  }

  /** Sets settings of a room that it owns; an empty set opens a room that is new. */
  async configure(room: string, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const fields = Object.entries({ FORM_TYPE: NS.mucConfig, ...settings }).map(([name, value]) =>
      xml('field', { var: name }, xml('value', {}, value)),
    );
    const form = xml('x', { xmlns: NS.form, type: 'submit' }, ...fields);
    await this.session.ask('set', room, xml('query', { xmlns: NS.mucOwner }, form));
  }

  async affiliate(room: string, account: string, affiliation: string): Promise<void> {
    const item = xml('item', { jid: account, affiliation });
    await this.session.ask('set', room, xml('query', { xmlns: NS.mucAdmin }, item));
  }

  /** Says something in a room. @returns the id that the sender gave it, and the room's, once it is there */
  async say(room: string, ...parts: readonly Element[]): Promise<{ readonly sentId: string; readonly id: string }> {
    const sentId = randomUUID();
    await this.session.send(xml('message', { to: room, type: 'groupchat', id: sentId }, ...parts));
    const echo = await this.sees(({ attrs }) => attrs['id'] === sentId && attrs['from'] === `${room}/${this.name}`);
    const ids = echo.getChildren('stanza-id', NS.stanzaId);
    return { sentId, id: ids.find(({ attrs }) => attrs['by'] === room)?.attrs['id'] ?? '' };
  }

  /** Uploads a file over HTTP. @returns its address */
  async upload(
    bytes: Uint8Array,
    name = 'picture.png',
  ): Promise<{ readonly get: string; readonly again: () => Promise<number> }> {
    const wanted = { filename: name, size: String(bytes.byteLength), 'content-type': 'image/png' };
    const answer = await this.session.ask('get', UPLOADS, xml('request', { xmlns: NS.upload, ...wanted }));
    const slot = answer.getChild('slot', NS.upload);
    const put = slot?.getChild('put');
    const authorization = put?.getChildText('header') ?? '';
    const again = async () => {
      const headers = { authorization, 'content-type': 'image/png' };
      const sent = { method: 'PUT', body: bytes, headers };
      const { status, body } = await httpRequest(new URL(put?.attrs['url'] ?? ''), sent);
      await drain(body);
      return status;
    };
    const status = await again();
    if (status !== 201) throw new Error(`the upload was answered with ${status}`);
    return { get: slot?.getChild('get')?.attrs['url'] ?? '', again };
  }

  async signOut(): Promise<void> {
    await this.session.close();
  }
}

/** What a client sends beside an address, so that others show the picture. */
export function picture(url: string): Element[] {
  return [xml('body', {}, url), xml('x', { xmlns: NS.oob }, xml('url', {}, url))];
}

/** Waits until something is so, within a generous limit. */
export async function eventually<T>(look: () => T | undefined | false | null): Promise<T> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false && found !== null) return found;
    if (Date.now() > end) throw new Error(`it did not happen within ${WAIT_MS} ms`);
    await delay(10);
  }
}
