import { z } from 'zod';
import { baseUrlOrNothingSchema, withoutSlash } from '../../../net/base-url.js';
import type { SourceKind } from '../source.js';
import { NCMEC_ENVIRONMENT_NAMES, NCMEC_ENVIRONMENTS } from './ncmec-environments.js';
import { NcmecSource } from './ncmec-source.js';

const settings = z.strictObject({
  environment: z
    .enum(NCMEC_ENVIRONMENT_NAMES)
    .default('industry')
    .describe('Which of the lists of NCMEC, and whether the real one or that for tests'),
  baseUrl: baseUrlOrNothingSchema
    .default('')
    .describe('Another server that speaks the same, in place of the environment: the address before /v2'),
  onlyMembers: z
    .array(z.string().regex(/^[A-Za-z0-9_.]{1,64}$/))
    .max(1_000)
    .default([])
    .describe('Ids of members: entries of others are passed over. None: entries of all members are taken'),
  refutedReason: z
    .string()
    .max(200)
    .default('')
    .describe('Guid or name of the reason that NCMEC is told when a match is refuted. None: the first that fits'),
});

const credentials = z.strictObject({
  username: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^:\p{C}]+$/u)
    .describe('User name that NCMEC gave you for hash sharing'),
  password: z.string().min(1).max(200).describe('Its password'),
});

/** NCMEC Hash Sharing, version 2. */
export const ncmec: SourceKind<z.infer<typeof settings>, z.infer<typeof credentials>> = {
  kind: 'ncmec',
  title: 'NCMEC Hash Sharing',
  description: 'The lists that NCMEC shares with platforms, police and hotlines, and what members think of each entry.',
  settings,
  credentials,
  everySeconds: 900,
  staleSeconds: 7 * 86_400,
  open({ environment, baseUrl, onlyMembers, refutedReason }, { username, password }, house) {
    const base = withoutSlash(baseUrl === '' ? NCMEC_ENVIRONMENTS[environment] : baseUrl);
    const reason = refutedReason === '' ? undefined : refutedReason;
    return new NcmecSource(
      { base, username, password, onlyMembers: new Set(onlyMembers), refutedReason: reason },
      house,
    );
  },
};
