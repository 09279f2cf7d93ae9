import { Command, Option } from 'commander';
import { at } from '../list-answer.js';
import { dataOption } from '../options.js';
import { remark } from '../output.js';
import { endOfDay } from '../until.js';
import { withService } from '../with-service.js';

interface CreateFlags {
  readonly data: string;
  readonly approval: string;
  readonly role: string;
  readonly source?: string;
  readonly licence?: string;
  readonly terms?: string;
  readonly expires?: string;
}

const WAYS = ['two-person', 'none'];

export function createCommand(): Command {
  return new Command('create')
    .summary('make an empty list of your own')
    .argument('<name>', 'the list')
    .addOption(
      new Option('--approval <way>', 'who must approve an entry before it acts').choices(WAYS).default('two-person'),
    )
    .addOption(
      new Option('--role <role>', 'allow: known good, which overrules near matches')
        .choices(['block', 'allow'])
        .default('block'),
    )
    .option('--source <text>', 'where it comes from')
    .option('--licence <text>', 'under what it may be used')
    .option('--terms <text>', 'for what it may be used')
    .addOption(new Option('--expires <date>', 'its last day').argParser(endOfDay))
    .addOption(dataOption())
    .action(async (name: string, { data, ...json }: CreateFlags) => {
      await withService(
        data,
        async (service) => {
          await service.call('POST', '/v1/lists', { json: { name, ...json } });
          const how = json.approval === 'none' ? 'act at once' : 'act once a second person has approved them';
          const what = json.role === 'allow' ? 'is there for what is known to be good' : 'is there';
          remark(`${name} ${what}, and empty. Its entries ${how}.`);
        },
        { create: true },
      );
    });
}

export function approvalCommand(): Command {
  return new Command('approval')
    .summary('from now on entries of a list need a second person')
    .argument('<name>', 'the list')
    .addOption(dataOption())
    .addHelpText('after', '\nThat they no longer do is proposed: `vigie entry propose <list> --lift-approval`.')
    .action(async (name: string, { data }: { data: string }) => {
      await withService(data, async (service) => {
        await service.call('PUT', at(name, '/approval'), { json: { approval: 'two-person' } });
        remark(`Entries of ${name} act once a second person has approved them.`);
      });
    });
}
