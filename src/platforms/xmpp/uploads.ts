import { xml } from '@xmpp/client';
import type { Outcome } from '../../enforcement/acts.js';
import { VigieError } from '../../errors.js';
import { describe, itemsOf } from './disco.js';
import { domainOf } from './jids.js';
import { NS } from './namespaces.js';
import type { Session } from './session.js';
import { conditionOf } from './stanza-error.js';

const MOST_SERVICES = 50;

interface UploadService {
  readonly jid: string;
  /** What the addresses of its uploads begin with, where mod_vigie_uploads tells; only then can they be taken down. */
  readonly base: string | undefined;
}

/** The places where this server keeps what its users upload (XEP-0363). */
export class Uploads {
  readonly #session: Session;
  readonly #services: readonly UploadService[];
  readonly #origins: ReadonlySet<string>;

  private constructor(session: Session, services: readonly UploadService[], bases: readonly string[]) {
    this.#session = session;
    this.#services = services;
    const known = [...bases, ...services.flatMap(({ base }) => base ?? [])];
    this.#origins = new Set(known.map((base) => new URL(base).origin));
  }

  /** Asks the server for them. @param bases that the operator named besides. @throws VigieError as `Session.ask` */
  static async find(session: Session, bases: readonly string[], signal?: AbortSignal): Promise<Uploads> {
    const services: UploadService[] = [];
    for (const jid of await itemsOf(session, domainOf(session.account), MOST_SERVICES, signal)) {
      const { features } = await describe(session, jid, signal).catch(unlessEnded);
      if (!features.has(NS.upload)) continue;
      services.push({ jid, base: features.has(NS.vigieUploads) ? await baseOf(session, jid, signal) : undefined });
    }
    return new Uploads(session, services, bases);
  }

  /** Whether uploads can be taken down, for those that there are. */
  get removable(): boolean {
    return this.#services.length > 0 && this.#services.every(({ base }) => base !== undefined);
  }

  get count(): number {
    return this.#services.length;
  }

  /** Whether an address is one of an upload to this server. */
  has(url: string): boolean {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) return false;
    return this.#origins.has(parsed.origin) || this.#services.some(({ jid }) => jid === parsed.hostname);
  }

  /**
   * Takes an upload down; once this returns its address answers no more.
   * @throws VigieError `act-unsupported` where the server has no way, `act-refused` and others as `Session.ask`
   */
  async remove(url: string, signal: AbortSignal): Promise<Outcome> {
    const { href } = new URL(url);
    const service = this.#services.find(({ base }) => base !== undefined && href.startsWith(base));
    if (service === undefined) {
      throw new VigieError('act-unsupported', {
        detail: 'the message is gone, its file is not: see mod_vigie_uploads',
      });
    }
    try {
      const order = xml('remove', { xmlns: NS.vigieUploads, url: href });
      const answer = await this.#session.ask('set', service.jid, order, signal);
      const removed = answer.getChild('removed', NS.vigieUploads);
      if (removed === undefined) throw new VigieError('act-unconfirmed');
      return removed.attrs['already'] === 'true' ? 'already' : 'done';
    } catch (error) {
      // Its time was over, or it never was.
      if (conditionOf(error) === 'item-not-found') return 'already';
      throw error;
    }
  }
}

async function baseOf(session: Session, jid: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    const answer = await session.ask('get', jid, xml('uploads', { xmlns: NS.vigieUploads }), signal);
    const base = answer.getChild('uploads', NS.vigieUploads)?.attrs['base'];
    return base !== undefined && URL.canParse(base) ? new URL(base).href : undefined;
  } catch (error) {
    // The account is not one of vigie_uploads_access.
    if (conditionOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** Components that are down say so; what they would say of themselves is empty. */
function unlessEnded(error: unknown): { readonly features: ReadonlySet<string> } {
  if (conditionOf(error) !== undefined) return { features: new Set() };
  throw error;
}
