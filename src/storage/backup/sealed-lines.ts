import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { VigieError } from '../../errors.js';
import { fileError, writeFully } from '../durable-file.js';
import { FileSource } from '../file-source.js';
import type { Keyring } from '../keyring.js';
import { SealedReader, SealedWriter } from '../sealed-file.js';

const PURPOSE = 'backup/table';
const BLOCK = 2 ** 20;

/**
 * Writes lines into a new sealed file, and through to the disk.
 * @returns bytes and SHA-256 of the file as it lies there, and how many lines
 * @throws VigieError `disk-full`; what `lines` throws
 */
export async function writeSealedLines(
  path: string,
  keyring: Keyring,
  lines: AsyncIterable<string>,
): Promise<{ readonly bytes: number; readonly sha256: string; readonly lines: number }> {
  const file = await open(path, 'wx', 0o600).catch((thrown: unknown) => {
    throw fileError(thrown);
  });
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    const sink = {
      write: async (piece: Uint8Array): Promise<void> => {
        await writeFully(file, piece, bytes).catch((thrown: unknown) => {
          throw fileError(thrown);
        });
        hash.update(piece);
        bytes += piece.byteLength;
      },
    };
    const writer = new SealedWriter(sink, keyring, PURPOSE);
    let count = 0;
    let text = '';
    for await (const line of lines) {
      text += `${line}\n`;
      count++;
      if (text.length < BLOCK) continue;
      await writer.write(Buffer.from(text));
      text = '';
    }
    await writer.write(Buffer.from(text));
    await writer.finish();
    await file.sync();
    return { bytes, sha256: hash.digest('hex'), lines: count };
  } finally {
    await file.close();
  }
}

/** The lines again. @throws VigieError `backup-damaged`, `seal-key-wrong` */
export async function* readSealedLines(path: string, keyring: Keyring): AsyncGenerator<string> {
  const source = await FileSource.open(path);
  try {
    const reader = await SealedReader.open(source, keyring, PURPOSE);
    const block = Buffer.alloc(BLOCK);
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let rest = '';
    for (let at = 0; at < reader.size; at += BLOCK) {
      const length = Math.min(BLOCK, reader.size - at);
      await reader.readInto(at, length, block);
      const lines = (rest + decoder.decode(block.subarray(0, length), { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') throw new VigieError('backup-damaged', { detail: 'a table' });
  } catch (thrown) {
    if (thrown instanceof VigieError && thrown.code === 'seal-damaged') {
      throw new VigieError('backup-damaged', { detail: 'a table', cause: thrown });
    }
    throw thrown;
  } finally {
    await source.close();
  }
}
