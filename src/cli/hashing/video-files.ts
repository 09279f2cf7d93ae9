import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { VigieError } from '../../errors.js';
import { withoutEnding } from '../../lists/import-source.js';
import { errnoOf, fileError, writeFileDurably } from '../../storage/durable-file.js';
import { printable } from '../output.js';

/** Others may read them, as what standard output is sent to. */
const FILE_MODE = 0o644;

/**
 * Files that a run makes of videos, one of each, in a folder. They are named by the videos; of two that are called the
 * same the second has a number. What an earlier run left under such a name is replaced.
 */
export class VideoFiles {
  readonly #folder: string;
  readonly #ending: string;
  readonly #used = new Set<string>();

  private constructor(folder: string, ending: string) {
    this.#folder = folder;
    this.#ending = ending;
  }

  /** @param ending such as `.tmk` @throws VigieError `file-not-writable`, `disk-full` */
  static async in(folder: string, ending: string): Promise<VideoFiles> {
    try {
      await mkdir(folder, { recursive: true });
    } catch (cause) {
      throw notWritable(folder, cause);
    }
    return new VideoFiles(folder, ending);
  }

  /** @throws VigieError `file-not-writable`, `disk-full` */
  async write(video: string, content: Uint8Array | string): Promise<void> {
    const path = join(this.#folder, `${this.#nameFor(video)}${this.#ending}`);
    try {
      await writeFileDurably(path, content, FILE_MODE);
    } catch (cause) {
      throw notWritable(path, cause instanceof VigieError && cause.code === 'internal' ? cause.cause : cause);
    }
  }

  #nameFor(video: string): string {
    const own = video === '-' ? 'stdin' : withoutEnding(video);
    let name = own;
    for (let number = 2; this.#used.has(name); number++) name = `${own}-${number}`;
    this.#used.add(name);
    return name;
  }
}

function notWritable(path: string, cause: unknown): VigieError {
  const error = fileError(cause, 'file-not-writable');
  if (error.code !== 'file-not-writable') return error;
  return new VigieError('file-not-writable', {
    detail: `${printable(path)}: ${errnoOf(cause) ?? 'unknown cause'}`,
    cause,
  });
}
