/** Who says to send a request, and the signature that proves it. */
export interface XMatrix {
  readonly origin: string;
  /** Older servers leave it out. */
  readonly destination: string | undefined;
  /** Such as `ed25519:key1`. */
  readonly key: string;
  readonly signature: string;
}

const LONGEST = 2_048;

/** Reads the header of a request of another server (Server-Server API, "Request Authentication"). */
export function readXMatrix(header: string | undefined): XMatrix | undefined {
  if (header === undefined || header.length > LONGEST || !/^X-Matrix +/i.test(header)) return undefined;
  const values = new Map<string, string>();
  const parameter = /([A-Za-z0-9_-]+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]*))(?:[ \t]*,[ \t]*|\s*$)/y;
  parameter.lastIndex = header.indexOf(' ') + (/ +/.exec(header)?.[0].length ?? 1);
  for (let match = parameter.exec(header); match !== null; match = parameter.exec(header)) {
    const [, name = '', quoted, bare = ''] = match;
    values.set(name.toLowerCase(), quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1'));
    if (parameter.lastIndex >= header.length) break;
  }
  const [origin, key, signature] = [values.get('origin'), values.get('key'), values.get('sig')];
  if (origin === undefined || key === undefined || signature === undefined) return undefined;
  return { origin, destination: values.get('destination'), key, signature };
}
