import { isIP } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseRates, QUOTAS } from '../../access/quotas.js';
import { ALL_SCOPES } from '../../access/scopes.js';
import type { App } from '../../app.js';
import { type Config, DEFAULTS } from '../../config.js';
import { VERSION } from '../../engine.js';
import { VigieError } from '../../errors.js';
import { isDataDir } from '../../storage/data-dir.js';
import { errnoOf } from '../../storage/durable-file.js';
import { interrupted } from '../interrupt.js';
import {
  collect,
  type DecoderFlags,
  dataOption,
  decoderConfig,
  decoderOptions,
  duration,
  type PhotoDnaFlags,
  photodnaConfig,
  photodnaOptions,
  segmentsOption,
  size,
  whole,
} from '../options.js';
import { colourErr, remark, writeLine } from '../output.js';

interface Flags extends DecoderFlags, PhotoDnaFlags {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly behindProxy?: true;
  readonly databaseUrl?: string;
  readonly allowNoFsync?: true;
  readonly segments?: string;
  readonly allowFetchFrom?: readonly string[];
  readonly uploadTimeout?: number;
  readonly fetchTimeout?: number;
  readonly indexMemory?: number;
  readonly rate?: readonly string[];
  readonly alarmTo?: readonly string[];
  readonly alarmFrom?: string;
  readonly sample?: true;
  readonly log: Config['logLevel'];
}

/** `a@example.org,b@example.org`; the option may be given again. */
const addresses = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== ''),
];

export function serveCommand(): Command {
  const command = new Command('serve')
    .summary('run the service and its page')
    .description(
      'Runs the service until it is told to stop (Ctrl-C or SIGTERM: it answers what it has begun, then ends).\n' +
        'Needs no configuration. At the first start it makes the data directory, a key that seals it, and a key for the API.',
    )
    .addOption(dataOption())
    .addOption(new Option('--host <address>', 'address to listen on').env('VIGIE_HOST').default(DEFAULTS.host))
    .addOption(
      new Option('--port <n>', 'port to listen on; 0 takes a free one')
        .env('VIGIE_PORT')
        .default(DEFAULTS.port)
        .argParser(whole(0, 65_535)),
    )
    .option('--behind-proxy', 'a proxy that ends TLS stands in front; other addresses than loopback may be listened on')
    .addOption(new Option('--database-url <url>', 'PostgreSQL in place of the embedded database').env('DATABASE_URL'))
    .addOption(
      new Option('--allow-no-fsync', 'go on when the embedded database cannot write through to the disk').env(
        'VIGIE_ALLOW_NO_FSYNC',
      ),
    )
    .addOption(segmentsOption())
    .option('--allow-fetch-from <range>', 'an address or CIDR range that may be fetched from although private', collect)
    .addOption(new Option('--upload-timeout <time>', 'longest sending of one medium').argParser(duration))
    .addOption(new Option('--fetch-timeout <time>', 'longest fetching of one medium').argParser(duration))
    .addOption(
      new Option('--index-memory <size>', 'most memory of the index').env('VIGIE_INDEX_MEMORY').argParser(size),
    )
    .addOption(
      new Option('--rate <quota=rate>', `how often: ${Object.keys(QUOTAS).join(', ')}; such as scan=500/s, failed=off`)
        .env('VIGIE_RATES')
        .argParser(ratesOption),
    )
    .addOption(
      new Option(
        '--alarm-to <address>',
        'mail address that is told of what needs somebody; VIGIE_SMTP_URL says by which server',
      )
        .env('VIGIE_ALARM_TO')
        .argParser(addresses),
    )
    .addOption(new Option('--alarm-from <address>', 'mail address that alarms come from').env('VIGIE_ALARM_FROM'))
    .option('--sample', 'load the sample list of generated pictures at the first start')
    .addOption(
      new Option('--log <level>', 'how much to log')
        .env('VIGIE_LOG')
        .choices(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
        .default('warn'),
    );
  for (const option of [...decoderOptions(), ...photodnaOptions()]) command.addOption(option);
  return command.action(run);
}

async function run(flags: Flags): Promise<void> {
  const config = configFrom(flags);
  assertSafeAddress(config);
  const stop = interrupted();
  // Loaded here, so that the other commands do not wait for it.
  const [{ App }, { createLogger }] = await Promise.all([import('../../app.js'), import('../../runtime/logger.js')]);
  const logger = createLogger(config.logLevel);
  remark(
    (await isDataDir(config.dataDir))
      ? `Opening ${config.dataDir}`
      : `Making ${config.dataDir}: the first start takes some seconds`,
  );
  const app = await App.open(config, { logger, decoders: true, signal: stop, onProgress: remark });
  try {
    if (flags.sample === true && app.firstStart) {
      const { importSampleList } = await import('../../lists/samples.js');
      await importSampleList(app.lists);
    }
    const address = await listen(app, config);
    await announce(app, address);
    await new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      else stop.addEventListener('abort', () => resolve(), { once: true });
    });
    remark('Stopping: what has begun is answered first.');
  } finally {
    await app.close();
  }
}

async function listen(app: App, { host, port }: Config): Promise<string> {
  try {
    return await app.listen();
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === undefined || !UNUSABLE.has(code)) throw cause;
    throw new VigieError('address-unusable', { detail: `${host} port ${port}: ${code}`, cause });
  }
}

const UNUSABLE = new Set(['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL']);

async function announce(app: App, address: string): Promise<void> {
  const { index, problems } = app.status();
  remark(`${colourErr.bold('Vigie')} ${VERSION}: ${index.entries.toLocaleString('en')} entries loaded.`);
  for (const problem of problems) remark(colourErr.yellow(`! ${problem}`));
  if (app.firstStart) {
    const { key } = await app.keys.create('first key', ALL_SCOPES);
    remark('Key for the API, shown only now:');
    await writeLine(key);
  }
  remark('Open the page (this link works once, for a quarter of an hour; `vigie link` makes another):');
  await writeLine(`${address}/open#${app.sessions.createLink()}`);
}

function configFrom(flags: Flags): Config {
  const { decoders, limits } = decoderConfig(flags);
  return {
    ...DEFAULTS,
    dataDir: flags.data,
    databaseUrl: flags.databaseUrl,
    allowNoFsync: flags.allowNoFsync === true,
    segments: flags.segments,
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
    rates: flags.rate === undefined ? DEFAULTS.rates : (parseRates(flags.rate) ?? DEFAULTS.rates),
    mail: mailFrom(flags),
    logLevel: flags.log,
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

/** The URL of the server holds a password: on a command line, everybody on this machine could read it. */
function mailFrom({ alarmTo: to = [], alarmFrom }: Flags): Config['mail'] {
  const url = process.env['VIGIE_SMTP_URL'];
  if (url === undefined || url === '') {
    if (to.length > 0) throw new VigieError('usage', { detail: 'mail is wanted, and VIGIE_SMTP_URL is not set' });
    return undefined;
  }
  const [first] = to;
  if (first === undefined)
    throw new VigieError('usage', { detail: 'VIGIE_SMTP_URL is set, and VIGIE_ALARM_TO is not' });
  return { url, to, from: alarmFrom ?? first };
}

function assertSafeAddress({ host, behindProxy }: Config): void {
  const loopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (!loopback && !behindProxy) throw new VigieError('bind-refused', { detail: host });
}
