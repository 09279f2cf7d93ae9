import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import { parseRates, QUOTAS } from '../access/quotas.js';
import { type Config, DEFAULTS } from '../config.js';
import { VigieError } from '../errors.js';
import { baseUrlSchema } from '../net/base-url.js';
import {
  type DecoderFlags,
  decoderConfig,
  duration,
  type PhotoDnaFlags,
  photodnaConfig,
  ranges,
  size,
  whole,
} from './options.js';
import { scorerFrom, scorerOptions } from './scorer-options.js';

/** What `vigie serve` and `vigie worker` can both be told. */
export interface ServiceFlags extends DecoderFlags, PhotoDnaFlags {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly behindProxy?: true;
  readonly databaseUrl?: string;
  readonly natsUrl?: string;
  readonly allowNoFsync?: true;
  readonly segments?: string;
  readonly allowFetchFrom?: readonly string[];
  readonly uploadTimeout?: number;
  readonly fetchTimeout?: number;
  readonly indexMemory?: number;
  readonly floodLimit?: number;
  readonly floodWindow?: number;
  readonly removalAlarm?: number;
  readonly removalAlarmEntry?: number;
  readonly removalHold?: number;
  readonly removalHoldEntry?: number;
  readonly evidenceKeep?: number;
  readonly arachnidUrl?: string;
  readonly arachnidCredentials?: string;
  readonly scorerUrl?: string;
  readonly scorerKey?: string;
  readonly scorerVersion?: string;
  readonly scorerTimeout?: number;
  readonly scorerSurfaces?: readonly ('public' | 'private')[];
  readonly scorerKinds?: readonly ('image' | 'video')[];
  readonly rate?: readonly string[];
  readonly alarmTo?: readonly string[];
  readonly alarmFrom?: string;
  readonly log: Config['logLevel'];
}

export const serviceOptions = (): readonly Option[] => [
  new Option('--database-url <url>', 'PostgreSQL in place of the embedded database').env('DATABASE_URL'),
  new Option('--nats-url <url>', 'NATS servers that carry the items between processes, in place of the database').env(
    'NATS_URL',
  ),
  new Option('--allow-no-fsync', 'go on when the embedded database cannot write through to the disk').env(
    'VIGIE_ALLOW_NO_FSYNC',
  ),
  new Option('--allow-fetch-from <range>', 'an address or CIDR range that may be fetched from although private')
    .env('VIGIE_ALLOW_FETCH_FROM')
    .argParser(ranges),
  new Option('--upload-timeout <time>', 'longest sending of one medium').argParser(duration),
  new Option('--fetch-timeout <time>', 'longest fetching of one medium').argParser(duration),
  new Option('--index-memory <size>', 'most memory of the index').env('VIGIE_INDEX_MEMORY').argParser(size),
  new Option('--flood-limit <n>', 'different media from which on an entry that matches them is silenced; 0: never')
    .env('VIGIE_FLOOD_LIMIT')
    .argParser(whole(0, 1_000_000)),
  new Option('--flood-window <time>', 'the time in which they are counted')
    .env('VIGIE_FLOOD_WINDOW')
    .argParser(duration),
  ...removalOptions(),
  new Option('--evidence-keep <time>', 'how long the bytes of what was removed are kept')
    .env('VIGIE_EVIDENCE_KEEP')
    .argParser(duration),
  new Option(
    '--arachnid-url <url>',
    'ask Project Arachnid about public pictures that no list knows: HASHES OF UNKNOWN PUBLIC MEDIA GO TO A THIRD PARTY; ' +
      'the credentials are in VIGIE_ARACHNID_CREDENTIALS as user:password, or in a file',
  ).env('VIGIE_ARACHNID_URL'),
  new Option('--arachnid-credentials <file>', 'a file with user:password for it').env(
    'VIGIE_ARACHNID_CREDENTIALS_FILE',
  ),
  ...scorerOptions(),
  new Option('--rate <quota=rate>', `how often: ${Object.keys(QUOTAS).join(', ')}; such as scan=500/s, failed=off`)
    .env('VIGIE_RATES')
    .argParser(ratesOption),
  new Option(
    '--alarm-to <address>',
    'mail address that is told of what needs somebody; VIGIE_SMTP_URL says by which server',
  )
    .env('VIGIE_ALARM_TO')
    .argParser(addresses),
  new Option('--alarm-from <address>', 'mail address that alarms come from').env('VIGIE_ALARM_FROM'),
  new Option('--log <level>', 'how much to log')
    .env('VIGIE_LOG')
    .choices(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('warn'),
];

function removalOptions(): readonly Option[] {
  const count = whole(0, 10_000_000);
  return [
    new Option('--removal-alarm <n>', 'removals of rules in an hour, of a platform or list, that people are told of')
      .env('VIGIE_REMOVAL_ALARM')
      .argParser(count),
    new Option('--removal-alarm-entry <n>', 'the same of one entry').env('VIGIE_REMOVAL_ALARM_ENTRY').argParser(count),
    new Option('--removal-hold <n>', 'the same from which on they wait for a person')
      .env('VIGIE_REMOVAL_HOLD')
      .argParser(count),
    new Option('--removal-hold-entry <n>', 'the same of one entry').env('VIGIE_REMOVAL_HOLD_ENTRY').argParser(count),
  ];
}

export function configFrom(flags: ServiceFlags): Config {
  const { decoders, limits } = decoderConfig(flags);
  return {
    ...DEFAULTS,
    dataDir: flags.data,
    databaseUrl: flags.databaseUrl,
    allowNoFsync: flags.allowNoFsync === true,
    segments: flags.segments,
    natsUrl: flags.natsUrl,
    host: flags.host,
    port: flags.port,
    behindProxy: flags.behindProxy === true,
    decoders,
    limits: {
      ...limits,
      uploadMs: flags.uploadTimeout ?? limits.uploadMs,
      fetchMs: flags.fetchTimeout ?? limits.fetchMs,
      indexBytes: flags.indexMemory ?? limits.indexBytes,
    },
    allowFetchFrom: flags.allowFetchFrom ?? [],
    photodna: photodnaConfig(flags),
    arachnid: arachnidFrom(flags),
    scorer: scorerFrom(flags),
    flood: {
      limit: flags.floodLimit ?? DEFAULTS.flood.limit,
      windowMs: flags.floodWindow ?? DEFAULTS.flood.windowMs,
    },
    removals: removalsFrom(flags),
    evidenceMs: flags.evidenceKeep ?? DEFAULTS.evidenceMs,
    rates: flags.rate === undefined ? DEFAULTS.rates : (parseRates(flags.rate) ?? DEFAULTS.rates),
    mail: mailFrom(flags),
    logLevel: flags.log,
  };
}

function removalsFrom(flags: ServiceFlags): Config['removals'] {
  const { alarmAbove, holdAbove } = DEFAULTS.removals;
  const { removalAlarm: alarm = alarmAbove.platform, removalHold: hold = holdAbove.platform } = flags;
  return {
    alarmAbove: { platform: alarm, list: alarm, entry: flags.removalAlarmEntry ?? alarmAbove.entry },
    holdAbove: { platform: hold, list: hold, entry: flags.removalHoldEntry ?? holdAbove.entry },
  };
}

/** May be given several times, or several with commas. */
function ratesOption(text: string, before: readonly string[] = []): readonly string[] {
  const words = [...before, ...text.split(',')];
  if (parseRates(words) === undefined) {
    throw new InvalidArgumentError(`Give quota=rate, such as scan=500/s; quotas: ${Object.keys(QUOTAS).join(', ')}.`);
  }
  return words;
}

/** `a@example.org,b@example.org`; the option may be given again. */
function addresses(text: string, before: readonly string[] = []): readonly string[] {
  const more = text.split(',').map((each) => each.trim());
  return [...before, ...more.filter((each) => each !== '')];
}

/** The URL of the server holds a password: on a command line, everybody on this machine could read it. */
function mailFrom({ alarmTo: to = [], alarmFrom }: ServiceFlags): Config['mail'] {
  const url = process.env['VIGIE_SMTP_URL'];
  if (url === undefined || url === '') {
    if (to.length > 0) throw new VigieError('usage', { detail: 'mail is wanted, and VIGIE_SMTP_URL is not set' });
    return undefined;
  }
  const [first] = to;
  if (first === undefined) {
    throw new VigieError('usage', { detail: 'VIGIE_SMTP_URL is set, and VIGIE_ALARM_TO is not' });
  }
  return { url, to, from: alarmFrom ?? first };
}

/** Its credentials are on no command line either. */
function arachnidFrom({ arachnidUrl: url, arachnidCredentials: file }: ServiceFlags): Config['arachnid'] {
  if (url === undefined || url === '') return undefined;
  if (!baseUrlSchema.safeParse(url).success) {
    throw new VigieError('usage', { detail: '--arachnid-url is not an https address' });
  }
  const [, user, password] = /^([^:\r\n]+):([^\r\n]+)\s*$/.exec(credentialsFrom(file)) ?? [];
  if (user === undefined || password === undefined) {
    const detail = '--arachnid-url needs user:password in VIGIE_ARACHNID_CREDENTIALS or in the file that is named';
    throw new VigieError('usage', { detail });
  }
  return { url, user, password };
}

function credentialsFrom(file: string | undefined): string {
  if (file === undefined) return process.env['VIGIE_ARACHNID_CREDENTIALS'] ?? '';
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new VigieError('usage', { detail: 'the file with the credentials of --arachnid-url cannot be read', cause });
  }
}

/** Waits until the command is told to stop. */
export async function until(stop: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener('abort', () => resolve(), { once: true });
  });
}
