import { Command, Option } from 'commander';
import { dataOption, reasonOption } from '../options.js';
import { colour, printable, remark, secondOf, table, writeLine } from '../output.js';
import { withService } from '../with-service.js';

interface StopAnswer {
  readonly platform: string | null;
  readonly reason: string;
  readonly stoppedBy: string;
  readonly stopped: string;
  readonly lifted: string | null;
}

interface Flags {
  readonly data: string;
  readonly platform?: string;
  readonly reason?: string;
  readonly lift?: true;
  readonly resume?: true;
  readonly list?: true;
}

export function stopCommand(): Command {
  const command = new Command('stop')
    .summary('emergency: nothing is done on platforms any more')
    .description(
      'Every act on a platform, or on all of them, waits for a person from now on, in every process. Lifting a stop leaves\n' +
        'what it held back to people, or orders it again with --resume.',
    )
    .addOption(new Option('--platform <name>', 'only this platform'))
    .addOption(reasonOption(false))
    .addOption(new Option('--lift', 'let it go on'))
    .addOption(new Option('--resume', 'with --lift: order again what was held back'))
    .addOption(new Option('--list', 'what is and was stopped').conflicts(['lift', 'reason']))
    .addOption(dataOption());
  return command.action(async ({ data, platform, reason, lift, resume, list }: Flags) => {
    if (!list && !lift && reason === undefined) command.error('error: give a --reason, or --lift, or --list');
    const where = platform === undefined ? {} : { platform };
    await withService(data, async (service) => {
      if (list) {
        const { stops } = await service.call<{ stops: readonly StopAnswer[] }>('GET', '/v1/stops');
        const rows = stops.map((each) => [
          ...[printable(each.platform ?? 'all'), each.lifted === null ? colour.red('stopped') : colour.dim('lifted')],
          ...[secondOf(each.stopped), printable(each.reason), printable(each.stoppedBy)],
        ]);
        return await writeLine(table(['platform', 'state', 'since', 'reason', 'by'], rows));
      }
      if (lift) {
        const json = { ...where, resume: resume ?? false };
        const { resumed } = await service.call<{ resumed: number }>('POST', '/v1/stops/lift', { json });
        return remark(`Enforcement goes on; ${resumed.toLocaleString('en')} acts that were held are ordered.`);
      }
      const { held } = await service.call<{ held: number }>('POST', '/v1/stops', { json: { ...where, reason } });
      remark(`Enforcement is stopped; ${held.toLocaleString('en')} orders were taken back and wait for a person.`);
    });
  });
}
