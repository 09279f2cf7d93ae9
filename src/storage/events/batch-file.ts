import { hash } from 'node:crypto';
import { leafHash, MerkleTree } from './merkle.js';

/** What a batch says of itself. Hashes are 64 hexadecimal digits. */
export interface BatchHeader {
  readonly format: 1;
  /** 1, 2, 3 … */
  readonly number: number;
  readonly events: number;
  /** Merkle root over the batch's events, in the order in which they stand in it. */
  readonly root: string;
  /** The hash of the batch before; zeros for the first. */
  readonly previous: string;
  readonly sealedAt: string;
  /** What the next batch names as its previous one: stands for all that was sealed up to here. */
  readonly hash: string;
}

export interface Batch {
  readonly header: BatchHeader;
  /** The events, each as its leaf's text. */
  readonly leaves: readonly string[];
}

export const NO_BATCH = '0'.repeat(64);

const HEADER = Buffer.of(2);

/** Makes the batch that follows another. */
export function makeBatch(
  leaves: readonly string[],
  before: { readonly number: number; readonly hash: string },
  sealedAt: Date,
): Batch {
  const unhashed = {
    format: 1,
    number: before.number + 1,
    events: leaves.length,
    root: rootOf(leaves),
    previous: before.hash,
    sealedAt: sealedAt.toISOString(),
  } as const;
  return { header: { ...unhashed, hash: headerHash(unhashed) }, leaves };
}

/** @returns what does not fit inside a batch, in words; undefined when all does */
export function faultOfBatch({ header, leaves }: Batch): string | undefined {
  if (header.events !== leaves.length) return 'it does not hold as many events as it says';
  if (rootOf(leaves) !== header.root) return 'its events are not the ones that were sealed';
  if (headerHash(header) !== header.hash) return 'its header is not the one that was sealed';
  return undefined;
}

/** A batch as text: its header in the first line, an event in each other. */
export function batchText({ header, leaves }: Batch): string {
  return `${JSON.stringify(header)}\n${leaves.map((leaf) => `${leaf}\n`).join('')}`;
}

/** @returns the batch, or undefined when the text is none */
export function parseBatch(text: string): Batch | undefined {
  const [first = '', ...leaves] = text.split('\n');
  if (leaves.pop() !== '') return undefined;
  const header = parseHeader(first);
  return header === undefined ? undefined : { header, leaves };
}

export function parseHeader(line: string): BatchHeader | undefined {
  try {
    const found = JSON.parse(line) as Partial<BatchHeader> | null;
    const texts = [found?.root, found?.previous, found?.hash, found?.sealedAt];
    const whole = found?.format === 1 && Number.isSafeInteger(found.number) && Number.isSafeInteger(found.events);
    return whole && texts.every((each) => typeof each === 'string') ? (found as BatchHeader) : undefined;
  } catch {
    return undefined;
  }
}

function rootOf(leaves: readonly string[]): string {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.add(leafHash(Buffer.from(leaf)));
  return tree.root().toString('hex');
}

function headerHash({ number, events, root, previous, sealedAt }: Omit<BatchHeader, 'hash'>): string {
  const numbers = Buffer.alloc(20);
  numbers.writeBigUInt64BE(BigInt(number), 0);
  numbers.writeUInt32BE(events, 8);
  numbers.writeBigInt64BE(BigInt(Date.parse(sealedAt)), 12);
  return hash(
    'sha256',
    Buffer.concat([HEADER, numbers, Buffer.from(root, 'hex'), Buffer.from(previous, 'hex')]),
    'hex',
  );
}
