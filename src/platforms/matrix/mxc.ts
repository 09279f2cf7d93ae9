/** Where a medium is kept: the server that it was uploaded to, and its name there. */
export interface Mxc {
  readonly server: string;
  readonly id: string;
}

const MXC = /^mxc:\/\/([A-Za-z0-9.:[\]-]{1,230})\/([A-Za-z0-9_-]{1,200})$/;

/** Reads an `mxc:` address; undefined for anything else. */
export function readMxc(text: string): Mxc | undefined {
  const [, server, id] = MXC.exec(text) ?? [];
  // A server called `..` would lead to another path.
  if (server === undefined || id === undefined || /^\.+$/.test(server)) return undefined;
  return { server, id };
}
