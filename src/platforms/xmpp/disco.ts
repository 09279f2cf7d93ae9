import { xml } from '@xmpp/client';
import { NS } from './namespaces.js';
import type { Session } from './session.js';

/** What an address says of itself (XEP-0030). */
export interface Description {
  readonly features: ReadonlySet<string>;
  /** Such as `store/file`. */
  readonly identities: ReadonlySet<string>;
  readonly name: string | undefined;
}

/** @throws VigieError as `Session.ask` */
export async function describe(session: Session, jid: string, signal?: AbortSignal): Promise<Description> {
  const answer = await session.ask('get', jid, xml('query', { xmlns: NS.discoInfo }), signal);
  const query = answer.getChild('query', NS.discoInfo);
  const identities = query?.getChildren('identity') ?? [];
  return {
    features: new Set(query?.getChildren('feature').map(({ attrs }) => attrs['var'] ?? '')),
    identities: new Set(identities.map(({ attrs }) => `${attrs['category']}/${attrs['type']}`)),
    name: identities[0]?.attrs['name'],
  };
}

/**
 * What lies under an address: rooms of a service, services of a server; page by page where the server gives pages.
 * @param most where to stop
 * @throws VigieError as `Session.ask`
 */
export async function itemsOf(
  session: Session,
  jid: string,
  most: number,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const found = new Set<string>();
  let after: string | undefined;
  while (found.size < most) {
    const page = after === undefined ? undefined : xml('set', { xmlns: NS.set }, xml('after', {}, after));
    const answer = await session.ask('get', jid, xml('query', { xmlns: NS.discoItems }, page), signal);
    const query = answer.getChild('query', NS.discoItems);
    const before = found.size;
    for (const { attrs } of query?.getChildren('item') ?? []) if (attrs['jid'] !== undefined) found.add(attrs['jid']);
    after = query?.getChild('set', NS.set)?.getChildText('last') ?? undefined;
    if (after === undefined || found.size === before) break;
  }
  return [...found].slice(0, most);
}
