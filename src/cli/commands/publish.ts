import { Command, Option } from 'commander';
import { VigieError } from '../../errors.js';
import { collect, dataOption, formatOption, whole } from '../options.js';
import { printable, remark, table, writeLine } from '../output.js';
import { withService } from '../with-service.js';

interface PublicationAnswer {
  readonly list: string;
  readonly terms: string;
  readonly reason: string;
  readonly grades: readonly string[] | null;
  readonly jurisdictions: readonly string[] | null;
  readonly doubts: number;
  readonly by: string;
  readonly since: string;
}

interface KeyAnswer {
  readonly id: string;
  readonly publicKey: string;
  readonly created: string;
  readonly until: string | null;
}

interface Flags {
  readonly data: string;
}

const at = (list: string): string => `/v1/publications/${encodeURIComponent(list)}`;

export function publishCommand(): Command {
  const command = new Command('publish')
    .summary('give lists to members')
    .description('Publishes lists to the members of `vigie member`: by a signed feed, and in the XML of NCMEC.');
  command
    .command('on')
    .summary('publish a list, or change the terms of one that is')
    .argument('<list>')
    .addOption(new Option('--terms <text>', 'what those agree to who take it').makeOptionMandatory())
    .addOption(new Option('--reason <text>', 'why it is given away').makeOptionMandatory())
    .addOption(new Option('--grade <grade>', 'only entries of this grade; again for more').argParser(collect))
    .addOption(new Option('--jurisdiction <code>', 'only members of this one, such as GB').argParser(collect))
    .addOption(
      new Option('--doubts <n>', 'members that doubt an entry before a person sees it').argParser(whole(1, 1_000)),
    )
    .addOption(dataOption())
    .action(
      async (
        list: string,
        flags: Flags & {
          readonly terms: string;
          readonly reason: string;
          readonly grade?: readonly string[];
          readonly jurisdiction?: readonly string[];
          readonly doubts?: number;
        },
      ) => {
        const { terms, reason, grade: grades, jurisdiction: jurisdictions, doubts } = flags;
        await withService(flags.data, async (service) => {
          await service.call('PUT', at(list), { json: { terms, reason, grades, jurisdictions, doubts } });
          remark(`${list} is published. Who may read it: \`vigie member ls\`; what they need to trust it:`);
          await writeKeys(await service.call('GET', '/v1/publication-keys'));
        });
      },
    );
  command
    .command('off')
    .summary('publish a list no longer')
    .argument('<list>')
    .addOption(new Option('--reason <text>', 'why').makeOptionMandatory())
    .addOption(dataOption())
    .action(async (list: string, { data, reason }: Flags & { readonly reason: string }) => {
      await withService(data, async (service) => {
        await service.call('DELETE', `${at(list)}?${new URLSearchParams({ reason })}`);
        remark(`${list} is not published any more. What members have of it stays with them.`);
      });
    });
  command
    .command('show')
    .summary('what is published, and on which terms')
    .argument('[list]')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async (list: string | undefined, { data, format }: Flags & { format: 'table' | 'json' }) => {
      await withService(data, async (service) => {
        const answer = await service.call<{ publications: readonly PublicationAnswer[] }>('GET', '/v1/publications');
        const shown = answer.publications.filter((each) => list === undefined || each.list === list);
        if (list !== undefined && shown.length === 0) throw new VigieError('publication-not-found');
        if (format === 'json') return await writeLine(JSON.stringify(shown));
        const rows = shown.map((each) => [
          ...[each.list, each.grades?.map(printable).join(',') ?? 'all', each.jurisdictions?.join(',') ?? 'all'],
          ...[each.doubts, printable(each.by), each.since.slice(0, 10), printable(each.terms)],
        ]);
        await writeLine(table(['list', 'grades', 'where', 'doubts', 'by', 'since', 'terms'], rows));
      });
    });
  command
    .command('key')
    .summary('the public keys that members pin')
    .option('--rotate', 'make a new one; those before it sign too for some days')
    .addOption(
      new Option('--overlap <days>', 'how many; 0 when a key is in wrong hands').argParser(whole(0, 365)).default(30),
    )
    .addOption(dataOption())
    .action(async ({ data, rotate, overlap }: Flags & { readonly rotate?: boolean; readonly overlap: number }) => {
      await withService(data, async (service) => {
        if (rotate !== true) return await writeKeys(await service.call('GET', '/v1/publication-keys'));
        const json = { overlapDays: overlap };
        await writeKeys(await service.call('POST', '/v1/publication-keys', { json }));
      });
    });
  return command;
}

async function writeKeys({ keys }: { readonly keys: readonly KeyAnswer[] }): Promise<void> {
  for (const { publicKey, until } of keys) {
    if (until !== null) remark(`until ${until}:`);
    await writeLine(publicKey);
  }
}
