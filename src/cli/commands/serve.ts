import { isIP } from 'node:net';
import { Command, InvalidArgumentError, Option } from 'commander';
import { ALL_SCOPES } from '../../access/scopes.js';
import type { App } from '../../app.js';
import { type Config, DEFAULTS } from '../../config.js';
import { VERSION } from '../../engine.js';
import { VigieError } from '../../errors.js';
import { isDataDir } from '../../storage/data-dir.js';
import { errnoOf } from '../../storage/durable-file.js';
import { interrupted } from '../interrupt.js';
import { dataOption, decoderOptions, photodnaOptions, ranges, segmentsOption, whole } from '../options.js';
import { colourErr, remark, writeLine } from '../output.js';
import { configFrom, type ServiceFlags, serviceOptions, until } from '../service-options.js';

interface Flags extends ServiceFlags {
  readonly sample?: true;
  /** False with --no-work. */
  readonly work: boolean;
  readonly hmaPort?: number;
  readonly hmaTrust?: TrustedAddresses;
  readonly matrixPolicyPort?: number;
}

type TrustedAddresses = NonNullable<Config['hma']>['trusted'];

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
    .addOption(
      new Option('--hma-port <n>', 'answer clients of Hasher-Matcher-Actioner on this port; off when left out')
        .env('VIGIE_HMA_PORT')
        .argParser(whole(0, 65_535)),
    )
    .addOption(
      new Option(
        '--hma-trust <address=key>',
        'there, requests from an address or range that bear no key are those of the key with this id',
      )
        .env('VIGIE_HMA_TRUST')
        .argParser(trustedAddresses),
    )
    .addOption(
      new Option(
        '--matrix-policy-port <n>',
        'answer homeservers of Matrix on this port before they publish; off when left out',
      )
        .env('VIGIE_MATRIX_POLICY_PORT')
        .argParser(whole(0, 65_535)),
    )
    .option('--behind-proxy', 'a proxy that ends TLS stands in front; other addresses than loopback may be listened on')
    .addOption(segmentsOption())
    .option('--no-work', 'only take items in; workers look at them')
    .option('--sample', 'load the sample list of generated pictures at the first start');
  for (const option of [...serviceOptions(), ...decoderOptions(), ...photodnaOptions()]) command.addOption(option);
  return command.action(run);
}

async function run(flags: Flags): Promise<void> {
  const config = { ...configFrom(flags), hma: hmaFrom(flags), matrixPolicyPort: flags.matrixPolicyPort };
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
  const app = await App.open(config, { logger, decoders: true, work: flags.work, signal: stop, onProgress: remark });
  try {
    if (flags.sample === true && app.firstStart) {
      const { importSampleList } = await import('../../lists/samples.js');
      await importSampleList(app.lists);
    }
    const address = await listen(app, config);
    await announce(app, address);
    await until(stop);
    remark('Stopping: what has begun is answered first.');
  } finally {
    await app.close();
  }
}

/** `127.0.0.1=<id of a key>`, several with commas; the option may be given again. */
function trustedAddresses(text: string, before: TrustedAddresses = []): TrustedAddresses {
  const more = text.split(',').map((each) => {
    const [range = '', key = ''] = each.trim().split('=', 2);
    if (key === '') throw new InvalidArgumentError('Give address=key, such as 127.0.0.1=<id of a key>.');
    ranges(range);
    return { range, key };
  });
  return [...before, ...more];
}

function hmaFrom({ hmaPort: port, hmaTrust: trusted = [] }: Flags): Config['hma'] {
  if (port === undefined && trusted.length > 0) {
    throw new VigieError('usage', { detail: '--hma-trust is for --hma-port, which is not given' });
  }
  return port === undefined ? undefined : { port, trusted };
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
  if (app.hmaAddress !== undefined) remark(`Clients of Hasher-Matcher-Actioner: ${app.hmaAddress}`);
  if (app.matrixPolicyAddress !== undefined) remark(`Homeservers of Matrix: ${app.matrixPolicyAddress}`);
  if (app.firstStart) {
    const { key } = await app.keys.create('first key', ALL_SCOPES);
    remark('Key for the API, shown only now:');
    await writeLine(key);
  }
  remark('Open the page (this link works once, for a quarter of an hour; `vigie link` makes another):');
  await writeLine(`${address}/open#${app.sessions.createLink()}`);
}

function assertSafeAddress({ host, behindProxy }: Config): void {
  const loopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (!loopback && !behindProxy) throw new VigieError('bind-refused', { detail: host });
}
