import { randomBytes } from 'node:crypto';

/** A file of an item. A function gives the bytes anew for each attempt, such as `() => createReadStream(path)`. */
export interface ItemFile {
  readonly bytes: Uint8Array | Blob | (() => AsyncIterable<Uint8Array>);
  /** How the platform calls it. */
  readonly name?: string;
}

/** An item with its files as a form (RFC 7578) that flows: no more of a file is in memory than is on its way. */
export function itemForm(item: object, files: readonly ItemFile[]) {
  const boundary = `vigie-${randomBytes(16).toString('hex')}`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: ReadableStream.from(parts(boundary, item, files)) as ReadableStream<Uint8Array>,
  };
}

async function* parts(boundary: string, item: object, files: readonly ItemFile[]): AsyncGenerator<Uint8Array> {
  const head = (fields: string, type: string) =>
    Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; ${fields}\r\ncontent-type: ${type}\r\n\r\n`);
  const end = Buffer.from('\r\n');
  yield head('name="item"', 'application/json');
  yield Buffer.from(JSON.stringify(item));
  yield end;
  for (const { bytes, name = 'medium' } of files) {
    yield head(`name="media"; filename="${quoted(name)}"`, 'application/octet-stream');
    if (bytes instanceof Uint8Array) yield bytes;
    else if (bytes instanceof Blob) yield* bytes.stream() as unknown as AsyncIterable<Uint8Array>;
    else yield* bytes();
    yield end;
  }
  yield Buffer.from(`--${boundary}--\r\n`);
}

/** As browsers write names of files (HTML standard, section 4.10.22.8). */
function quoted(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}
