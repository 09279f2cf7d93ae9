import { Command, InvalidArgumentError, Option } from 'commander';
import { VigieError } from '../../errors.js';
import { interrupted } from '../interrupt.js';
import { at } from '../list-answer.js';
import { mediumForm } from '../medium-form.js';
import { collect, dataOption, formatOption, reasonOption, whole } from '../options.js';
import { colour, minuteOf, printable, remark, table, writeLine } from '../output.js';
import type { ServiceClient } from '../service-client.js';
import { endOfDay } from '../until.js';
import { withService } from '../with-service.js';

interface ProposalAnswer {
  readonly id: string;
  readonly list: string;
  readonly act: string;
  readonly entry: string;
  readonly state: string;
  readonly signals: Readonly<Record<string, number>>;
  readonly reason: string;
  readonly verdict: string | null;
  readonly until: string | null;
  readonly proposedBy: string;
  readonly proposed: string;
  readonly closes: string;
  readonly decidedBy: string | null;
  readonly decided: string | null;
  readonly decisionReason: string | null;
  readonly lacks?: string | null;
  readonly known?: { readonly total: number; readonly entries?: readonly KnownAnswer[] } | null;
}

interface KnownAnswer {
  readonly list: string;
  readonly entry: string;
  readonly signal: string;
  readonly distance: number;
}

interface Data {
  readonly data: string;
}

type Format = Data & { readonly format: 'table' | 'json' };

interface ProposeFlags extends Data {
  readonly reason: string;
  readonly hash?: readonly string[];
  readonly id?: string;
  readonly grade?: string;
  readonly kind?: string;
  readonly comment?: string;
  readonly verdict?: string;
  readonly medium?: number;
  readonly until?: string;
  readonly restore?: string;
  readonly liftApproval?: true;
}

const proposal = (id: string, rest = ''): string => `/v1/proposals/${encodeURIComponent(id)}${rest}`;
const counts = (signals: Readonly<Record<string, number>>): string =>
  Object.entries(signals)
    .map(([type, count]) => (count === 1 ? type : `${count} ${type}`))
    .join(', ');

export function entryCommand(): Command {
  const command = new Command('entry')
    .summary('entries of your own lists: propose, approve, refuse')
    .description(
      'In a list that wants two persons an entry acts only once somebody else has approved it. Whoever is at this\n' +
        'machine is one person to the service, so the other one uses a key or the page.',
    );
  command
    .command('propose')
    .summary('propose an entry, from a file, hashes or a verdict')
    .argument('<list>', 'the list')
    .argument('[file]', 'a picture or clip, which is hashed and not kept; - is standard input')
    .addOption(reasonOption())
    .option('--hash <type:value>', 'a hash, such as md5:…; may be given again', collect)
    .option('--id <text>', 'its id; made of its signals if left out')
    .option('--grade <text>', 'such as A')
    .option('--kind <text>', 'image, video, …; told from the file if left out')
    .option('--comment <text>', 'for the others')
    .option('--verdict <id>', 'the confirmed case: its medium is fetched again where no file and no hash is given')
    .addOption(new Option('--medium <n>', 'which medium of that item, from 0').argParser(whole(0, 1_000)))
    .addOption(new Option('--until <date>', 'the last day on which it acts').argParser(endOfDay))
    .option('--restore <entry>', 'propose that a withdrawn entry acts again')
    .option('--lift-approval', 'propose that entries of this list need no second person any more')
    .addOption(dataOption())
    .action(async (list: string, file: string | undefined, flags: ProposeFlags) => {
      const json = draftOf(flags);
      await withService(flags.data, async (service) => {
        const path = at(list, '/proposals');
        const signal = interrupted();
        const sent = file === undefined ? { json } : await mediumForm('proposal', json, file, signal);
        const made = await service.call<ProposalAnswer>('POST', path, { ...sent, signal });
        remark(`Proposed for ${list} as ${made.id}: ${counts(made.signals) || made.act}. Somebody else approves it.`);
        if (made.lacks) remark(`The file has not all hashes: ${made.lacks}.`);
        await tellKnown(made.known);
        await writeLine(made.id);
      });
    });
  command
    .command('derive')
    .summary('propose the perceptual hash of a confirmed file for its entry')
    .argument('<list>', 'the list')
    .argument('<entry>', 'the entry id, of which a match by an exact hash or PhotoDNA was confirmed')
    .argument('<file>', 'the file that was confirmed; - is standard input')
    .addOption(reasonOption())
    .addOption(dataOption())
    .action(async (list: string, entry: string, file: string, { data, reason }: Data & { reason: string }) => {
      await withService(data, async (service) => {
        const signal = interrupted();
        const sent = await mediumForm('proposal', { reason }, file, signal);
        const path = at(list, `/entries/${encodeURIComponent(entry)}/derived`);
        const { proposal: id } = await service.call<{ proposal: string | null }>('POST', path, { ...sent, signal });
        if (id === null) return remark('The entry has all of it.');
        remark(`Proposed as ${id}. Somebody else approves it.`);
        await writeLine(id);
      });
    });
  command
    .command('underive')
    .summary('take back what was derived of an entry, at once')
    .argument('<list>', 'the list')
    .argument('<entry>', 'the entry id')
    .addOption(reasonOption())
    .addOption(dataOption())
    .action(async (list: string, entry: string, { data, reason }: Data & { reason: string }) => {
      await withService(data, async (service) => {
        const path = at(list, `/entries/${encodeURIComponent(entry)}/derived/withdraw`);
        await service.call('POST', path, { json: { reason } });
        remark(`What was derived of ${printable(entry)} matches no more; what its source gives stays.`);
      });
    });
  command
    .command('proposals')
    .summary('what is proposed, newest first')
    .addOption(
      new Option('--state <name>', 'what waits if left out')
        .choices(['proposed', 'approved', 'refused', 'expired', 'taken-back'])
        .default('proposed'),
    )
    .option('--list <name>', 'for one list only')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format, state, list }: Format & { state: string; list?: string }) => {
      const query = new URLSearchParams({ state, ...(list === undefined ? {} : { list }) });
      await withService(data, async (service) => {
        const { proposals } = await service.call<{ proposals: readonly ProposalAnswer[] }>(
          'GET',
          `/v1/proposals?${query}`,
        );
        if (format === 'json') return await writeLine(JSON.stringify(proposals));
        const rows = proposals.map((each) => [
          each.id,
          each.list,
          each.act,
          printable(each.entry),
          counts(each.signals),
          printable(each.reason),
          printable(each.proposedBy),
          minuteOf(each.state === 'proposed' ? each.closes : (each.decided ?? each.closes)),
        ]);
        const last = state === 'proposed' ? 'lapses (UTC)' : 'decided (UTC)';
        await writeLine(table(['id', 'list', 'act', 'entry', 'signals', 'why', 'by', last], rows));
      });
    });
  command
    .command('proposal')
    .summary('one proposal, and what is near it in the lists')
    .argument('<id>', 'as `vigie entry proposals` shows it')
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async (id: string, { data, format }: Format) => {
      await withService(data, async (service) => {
        const shown = await service.call<ProposalAnswer>('GET', proposal(id));
        if (format === 'json') return await writeLine(JSON.stringify(shown));
        await writeLine(inWords(shown));
        await tellKnown(shown.known);
      });
    });
  decision(command, 'approve', 'somebody else has proposed it, and it acts from now on', false, (service, id, reason) =>
    service.call<ProposalAnswer>('POST', proposal(id, '/approve'), {
      json: reason === undefined ? {} : { reason },
    }),
  );
  decision(command, 'refuse', 'it does not act, and is let go', true, (service, id, reason) =>
    service.call<ProposalAnswer>('POST', proposal(id, '/refuse'), { json: { reason } }),
  );
  command
    .command('take-back')
    .summary('take back what you have proposed yourself')
    .argument('<id>', 'as `vigie entry proposals` shows it')
    .addOption(dataOption())
    .action(async (id: string, { data }: Data) => {
      await withService(data, async (service) => {
        await service.call('DELETE', proposal(id));
        remark(`${id} is taken back.`);
      });
    });
  return command;
}

function decision(
  command: Command,
  verb: 'approve' | 'refuse',
  summary: string,
  mandatory: boolean,
  act: (service: ServiceClient, id: string, reason: string | undefined) => Promise<ProposalAnswer>,
): void {
  command
    .command(verb)
    .summary(summary)
    .argument('<id>', 'as `vigie entry proposals` shows it')
    .addOption(reasonOption(mandatory))
    .addOption(dataOption())
    .action(async (id: string, { data, reason }: Data & { reason?: string }) => {
      await withService(data, async (service) => {
        const { list, entry, state } = await act(service, id, reason);
        remark(`${printable(entry)} of ${list}: ${state}.`);
      });
    });
}

function draftOf(flags: ProposeFlags) {
  const { reason, hash, id, grade, kind, comment, verdict, medium, until, restore, liftApproval } = flags;
  if (restore !== undefined && liftApproval) throw new VigieError('usage', { detail: 'one act at a time' });
  const signals = hash?.map((text) => {
    const cut = text.indexOf(':');
    if (cut < 1) throw new InvalidArgumentError('Give a hash such as md5:0123….');
    return { type: text.slice(0, cut), value: text.slice(cut + 1) };
  });
  const entry = { id: restore ?? id, grade, kind, comment, signals };
  const act = restore !== undefined ? 'restore' : liftApproval ? 'lift-approval' : 'add';
  // What is left out is not written by JSON.
  return { act, reason, verdict, medium, until, entry };
}

async function tellKnown(known: ProposalAnswer['known']): Promise<void> {
  if (!known || known.total === 0) return;
  remark(`The lists know ${known.total} that ${known.total === 1 ? 'is' : 'are'} the same or near:`);
  const rows = (known.entries ?? []).map(({ list, entry, signal, distance }) => [
    list,
    printable(entry),
    signal,
    distance,
  ]);
  remark(table(['list', 'entry', 'by', 'distance'], rows));
}

function inWords(shown: ProposalAnswer): string {
  const facts: readonly (readonly [string, string])[] = [
    ['proposal', shown.id],
    ['list', shown.list],
    ['act', shown.act],
    ['entry', printable(shown.entry)],
    ['state', shown.state],
    ['signals', counts(shown.signals)],
    ['why', printable(shown.reason)],
    ['by', `${printable(shown.proposedBy)}, ${minuteOf(shown.proposed)}`],
    ['verdict', shown.verdict ?? ''],
    ['until', shown.until === null ? '' : minuteOf(shown.until)],
    ['lapses', shown.state === 'proposed' ? minuteOf(shown.closes) : ''],
    ['decided', shown.decidedBy === null ? '' : `${printable(shown.decidedBy)}, ${minuteOf(shown.decided ?? '')}`],
    ['because', printable(shown.decisionReason ?? '')],
  ];
  return facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${colour.dim(name.padEnd(10))}${value}`)
    .join('\n');
}
