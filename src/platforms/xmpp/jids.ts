/** Addresses of XMPP: `local@domain/resource`. */

/** The address without its resource. */
export function bareOf(jid: string): string {
  const slash = jid.indexOf('/');
  return slash < 0 ? jid : jid.slice(0, slash);
}

/** What follows the first slash; in a room, the nick. Empty when there is none. */
export function resourceOf(jid: string): string {
  const slash = jid.indexOf('/');
  return slash < 0 ? '' : jid.slice(slash + 1);
}

export function domainOf(jid: string): string {
  const bare = bareOf(jid);
  return bare.slice(bare.indexOf('@') + 1);
}

export function localOf(jid: string): string {
  const at = bareOf(jid).indexOf('@');
  return at < 0 ? '' : jid.slice(0, at);
}
