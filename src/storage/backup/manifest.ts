import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { VigieError } from '../../errors.js';
import { errnoOf, fileError, writeFileDurably } from '../durable-file.js';
import type { Keyring } from '../keyring.js';
import { seal, unseal } from '../seal.js';

/** The folders of a data directory that a backup takes as they lie there, each file by itself. */
export const FOLDERS = ['segments', 'seen', 'events', 'media'] as const;

const FILE = 'manifest.json';
const FORMAT = 1;
const PROOF = { purpose: 'backup', aad: 'manifest' } as const;

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().min(0);
const integer = z.string().regex(/^-?\d{1,19}$/);

const bodySchema = z.object({
  format: z.literal(FORMAT),
  /** The version of Vigie that made it. */
  version: z.string(),
  createdAt: z.iso.datetime(),
  /** Id of the installation; null when it was never started. */
  instance: z.string().nullable(),
  /** How many migrations its tables have seen. */
  migration: count,
  /** Events with a lower transaction id are sealed; null when none is. */
  sealedUntil: integer.nullable(),
  /** Ids of the master keys of the time, of which at least those that sealed the parts are needed. */
  keys: z.array(z.string()),
  /** In the order in which they can be filled. */
  tables: z.array(
    z.object({ table: z.string().regex(/^[a-z_]{1,63}$/), rows: count, bytes: count, sha256: digest }).strict(),
  ),
  files: z.array(
    z
      .object({
        path: z.string().regex(new RegExp(`^(?:${FOLDERS.join('|')})(?:/[\\w-][\\w.-]*){1,4}$`)),
        bytes: count,
        sha256: digest,
      })
      .strict(),
  ),
  /** Segments that were named and not there, or not what they are named after, when the backup was made. */
  missing: count,
});

export type Manifest = z.output<typeof bodySchema>;

/** Where the dump of a table lies in a backup. */
export function tablePath(backup: string, table: string): string {
  return join(backup, 'tables', `${table}.sealed`);
}

/** Written last: a directory without it is no backup. */
export async function writeManifest(backup: string, manifest: Manifest, keyring: Keyring): Promise<void> {
  const proof = Buffer.from(seal(keyring, hashOf(manifest), PROOF)).toString('base64');
  await writeFileDurably(join(backup, FILE), `${JSON.stringify({ ...manifest, proof }, undefined, 1)}\n`);
}

/**
 * @returns the manifest and its proof, which no other backup has
 * @throws VigieError `backup-damaged`; `database-too-new` for a later format; `seal-key-wrong` when none of the keys made it
 */
export async function readManifest(
  backup: string,
  keyring: Keyring,
): Promise<{ readonly manifest: Manifest; readonly proof: string }> {
  const { proof, ...body } = parse(await read(join(backup, FILE)));
  if (typeof body['format'] === 'number' && body['format'] > FORMAT) {
    throw new VigieError('database-too-new', { detail: 'the backup was made by a later version' });
  }
  const { success, data } = bodySchema.safeParse(body);
  if (!success || typeof proof !== 'string') throw new VigieError('backup-damaged', { detail: 'its manifest' });
  const proven = openProof(keyring, Buffer.from(proof, 'base64'));
  if (!Buffer.from(proven).equals(hashOf(data))) throw new VigieError('backup-damaged', { detail: 'its manifest' });
  return { manifest: data, proof };
}

function openProof(keyring: Keyring, proof: Uint8Array): Uint8Array {
  try {
    return unseal(keyring, proof, PROOF);
  } catch (thrown) {
    if (thrown instanceof VigieError && thrown.code === 'seal-key-wrong') throw thrown;
    throw new VigieError('backup-damaged', { detail: 'its manifest' });
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw fileError(thrown, 'file-not-readable');
    throw new VigieError('backup-damaged', { detail: 'it has no manifest: it is no backup, or was not finished' });
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw new VigieError('backup-damaged', { detail: 'its manifest' });
  }
}

/** Of the fields in the order of the schema, whatever the order in the file. */
function hashOf(manifest: Manifest): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(bodySchema.parse(manifest)))
    .digest();
}
