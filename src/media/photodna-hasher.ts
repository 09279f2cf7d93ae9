import { spawn } from 'node:child_process';
import { VigieError } from '../errors.js';
import { httpRequest } from '../runtime/http-request.js';
import { signalType } from '../signals/signal-types.js';

/** A licensed PhotoDNA hasher outside of Vigie. */
export interface PhotoDnaHasher {
  /**
   * @returns 144 bytes, or undefined when the hasher says that this medium has no PhotoDNA hash
   * @throws VigieError `hasher-failed`
   */
  hash(bytes: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<Uint8Array | undefined>;
}

const TIME_LIMIT_MS = 20_000;
const MAXIMUM_ANSWER = 4_096;

/** @param place a URL that takes the bytes by POST, or a command line that takes them on its standard input */
export function createPhotoDnaHasher(place: string | undefined): PhotoDnaHasher | undefined {
  if (place === undefined || place.trim() === '') return undefined;
  return /^https?:\/\//.test(place) ? new EndpointHasher(place) : new CommandHasher(place);
}

function parseAnswer(text: string): Uint8Array | undefined {
  const answer = text.trim();
  if (answer === '') return undefined;
  try {
    return signalType('photodna').parse(answer);
  } catch {
    throw new VigieError('hasher-failed', { detail: 'its answer is no PhotoDNA hash' });
  }
}

function withTimeLimit(signal: AbortSignal | undefined): AbortSignal {
  const limit = AbortSignal.timeout(TIME_LIMIT_MS);
  return signal === undefined ? limit : AbortSignal.any([limit, signal]);
}

class CommandHasher implements PhotoDnaHasher {
  readonly #words: readonly string[];

  constructor(command: string) {
    this.#words = command.trim().split(/\s+/);
  }

  async hash(bytes: Uint8Array, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Uint8Array | undefined> {
    const [program = '', ...args] = this.#words;
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: process.env['PATH'] ?? '' },
      signal: withTimeLimit(signal),
      killSignal: 'SIGKILL',
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    // A command that reads no further than it needs is no failure by itself.
    child.stdin.on('error', () => undefined);
    child.stdin.end(bytes);
    let text = '';
    child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAXIMUM_ANSWER) child.kill('SIGKILL');
    });
    const code = await ended.catch((cause: unknown) => {
      throw new VigieError('hasher-failed', { detail: 'the command did not run to its end', cause });
    });
    if (code !== 0) throw new VigieError('hasher-failed', { detail: `the command ended with ${code ?? 'a signal'}` });
    return parseAnswer(text);
  }
}

class EndpointHasher implements PhotoDnaHasher {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async hash(bytes: Uint8Array, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Uint8Array | undefined> {
    try {
      // The operator chose this address, and it may well be on this machine: it is not judged like one from outside.
      const { status, body } = await httpRequest(new URL(this.#url), {
        method: 'POST',
        body: bytes,
        headers: { 'content-type': 'application/octet-stream' },
        signal: withTimeLimit(signal),
      });
      let text = '';
      for await (const chunk of body) {
        text += (chunk as Buffer).toString('latin1');
        if (text.length > MAXIMUM_ANSWER) throw new VigieError('hasher-failed', { detail: 'its answer is too long' });
      }
      if (status === 204) return undefined;
      if (status !== 200) throw new VigieError('hasher-failed', { detail: `it answered ${status}` });
      return parseAnswer(text);
    } catch (cause) {
      if (cause instanceof VigieError) throw cause;
      throw new VigieError('hasher-failed', { cause });
    }
  }
}
