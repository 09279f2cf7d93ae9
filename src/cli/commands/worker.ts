import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Command, Option } from 'commander';
import type { App } from '../../app.js';
import { VERSION } from '../../engine.js';
import { VigieError } from '../../errors.js';
import { interrupted } from '../interrupt.js';
import { dataOption, decoderOptions, photodnaOptions, segmentsOption, whole } from '../options.js';
import { colourErr, remark, writeLine } from '../output.js';
import { configFrom, type ServiceFlags, serviceOptions, until } from '../service-options.js';

interface Flags extends Omit<ServiceFlags, 'port'> {
  readonly port?: number;
}

export function workerCommand(): Command {
  const command = new Command('worker')
    .summary('look at items beside a service, on this machine or another')
    .description(
      'Takes items from the queue that `vigie serve` fills, and stores their verdicts, until it is told to stop.\n' +
        'Shares the PostgreSQL database (DATABASE_URL), the place of segments (--segments) and the key (VIGIE_KEY or\n' +
        'VIGIE_KEY_COMMAND) with it. Its data directory is its own: no other process may use it.',
    )
    .addOption(dataOption())
    .addOption(
      new Option('--port <n>', 'say /healthz and /readyz on this port of loopback, or of --host; 0 takes a free one')
        .env('VIGIE_PORT')
        .argParser(whole(0, 65_535)),
    )
    .addOption(new Option('--host <address>', 'address for --port').env('VIGIE_HOST').default('127.0.0.1'))
    .addOption(segmentsOption());
  for (const option of [...serviceOptions(), ...decoderOptions(), ...photodnaOptions()]) command.addOption(option);
  return command.action(run);
}

async function run(flags: Flags): Promise<void> {
  assertShared(flags);
  const stop = interrupted();
  const config = configFrom({ ...flags, port: flags.port ?? 0 });
  const [{ App }, { createLogger }] = await Promise.all([import('../../app.js'), import('../../runtime/logger.js')]);
  const logger = createLogger(config.logLevel);
  const app = await App.open(config, { logger, decoders: true, role: 'worker', signal: stop, onProgress: remark });
  let health: Server | undefined;
  try {
    await app.listenLocally();
    if (flags.port !== undefined) health = await listen(app, flags.host, flags.port);
    const { index, problems } = app.status();
    remark(`${colourErr.bold('Vigie worker')} ${VERSION}: ${index.entries.toLocaleString('en')} entries loaded.`);
    for (const problem of problems) remark(colourErr.yellow(`! ${problem}`));
    // Said when it works, for whoever started it.
    await writeLine(health === undefined ? 'working' : `working ${addressOf(health, flags.host)}`);
    await until(stop);
    remark('Stopping: what has begun is finished first.');
  } finally {
    health?.close();
    await app.close();
  }
}

/** @throws VigieError `usage`, naming what is missing */
function assertShared({ databaseUrl, segments }: Pick<Flags, 'databaseUrl' | 'segments'>): void {
  if (databaseUrl === undefined) {
    throw new VigieError('usage', {
      detail: 'a worker needs DATABASE_URL, the PostgreSQL that it shares with the service',
    });
  }
  if (segments === undefined) {
    throw new VigieError('usage', { detail: 'a worker needs --segments, where the lists of the service lie' });
  }
}

async function listen(app: App, host: string, port: number): Promise<Server> {
  const { buildHealthServer } = await import('../../http/health-server.js');
  const server = buildHealthServer({ readiness: () => app.readiness() });
  try {
    await once(server.listen(port, host), 'listening');
    return server;
  } catch (cause) {
    throw new VigieError('address-unusable', { detail: `${host} port ${port}`, cause });
  }
}

function addressOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
