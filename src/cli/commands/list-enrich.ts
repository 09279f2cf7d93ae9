import { Command } from 'commander';
import { at } from '../list-answer.js';
import { fileFormatOption, fileToSend, mapOption, sendFile, typeOption } from '../list-file.js';
import { dataOption, reasonOption } from '../options.js';
import { remark, table, writeLine } from '../output.js';
import { withService } from '../with-service.js';

interface EnrichFlags {
  readonly data: string;
  readonly format: string;
  readonly reason: string;
  readonly type?: string;
  readonly map?: readonly string[];
  readonly dryRun?: true;
}

interface EnrichCounts {
  readonly records: number;
  readonly entries: number;
  readonly complete: number;
  readonly unknown: number;
  readonly withoutProof: number;
  readonly withoutGain: number;
  readonly signals: Readonly<Record<string, number>>;
}

interface EnrichAnswer extends EnrichCounts {
  readonly state: 'done' | 'proposed' | 'nothing' | 'dry-run';
  readonly proposal: string | null;
  readonly report: { readonly rejectedRecords: number };
}

/** `vigie list enrich` */
export function enrichCommand(): Command {
  return new Command('enrich')
    .summary('give the entries of a list the PDQ or vPDQ that they lack')
    .description(
      'Reads what `vigie hash --faithful` wrote where the media are. Each record finds its entry by an exact hash, and its\n' +
        'PDQ or frames become derived signals of it. Where a second person is needed, somebody else approves all in one.',
    )
    .argument('<list>', 'the list')
    .argument('<file>', 'as for `vigie list import`; - is standard input')
    .addOption(reasonOption())
    .option('--dry-run', 'only say what would be done')
    .addOption(fileFormatOption())
    .addOption(typeOption())
    .addOption(mapOption())
    .addOption(dataOption())
    .action(async (list: string, file: string, flags: EnrichFlags) => {
      const query = new URLSearchParams({ format: flags.format, reason: flags.reason });
      if (flags.type !== undefined) query.set('type', flags.type);
      if (flags.dryRun === true) query.set('dryRun', 'true');
      for (const each of flags.map ?? []) query.append('map', each);
      const sent = await fileToSend(file);
      await withService(flags.data, async (service) => {
        const to = { method: 'POST', path: at(list, `/enrich?${query}`) } as const;
        await show(
          await sendFile<EnrichCounts, EnrichAnswer>(service, to, sent, ({ records }, bar) =>
            bar.stage('reading', records),
          ),
          list,
        );
      });
    });
}

async function show(answer: EnrichAnswer, list: string): Promise<void> {
  const { state, proposal, entries, signals } = answer;
  const gain = Object.entries(signals).map(([type, count]) => `${count} ${type}`);
  const what = `${entries} entries of ${list}: ${gain.join(', ')}`;
  if (state === 'nothing') remark(`Nothing to give to ${list}.`);
  if (state === 'dry-run') remark(`Would be given to ${what}.`);
  if (state === 'done') remark(`Given to ${what}. They act in a moment.`);
  if (state === 'proposed') remark(`Proposed for ${what}. Somebody else approves it.`);
  await writeLine(
    table(
      ['records', 'count'],
      [
        ['read', answer.records],
        ['of entries that have all of it', answer.complete],
        ['of no entry of the list', answer.unknown],
        ['without an exact hash', answer.withoutProof],
        ['without a usable PDQ or frame', answer.withoutGain],
        ['that could not be read', answer.report.rejectedRecords],
      ],
    ),
  );
  if (proposal !== null) await writeLine(proposal);
}
