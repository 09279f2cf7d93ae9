import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Command, InvalidArgumentError, Option } from 'commander';
import { VigieError } from '../../errors.js';
import { ALL_EVENT_KINDS } from '../../storage/events/event-kinds.js';
import { verifyExport } from '../../storage/events/export-events.js';
import type { Finding, VerifyResult } from '../../storage/events/verify-events.js';
import { nearest } from '../nearest.js';
import { dataOption, formatOption, whole } from '../options.js';
import { colour, colourErr, printable, remark, secondOf, table, writeLine } from '../output.js';
import { fromProblem, lostOr, type ServiceClient } from '../service-client.js';
import { withService } from '../with-service.js';

/** Exit code of `audit verify` when something does not fit. */
const EXIT_FOUND = 10;

interface Flags {
  readonly data: string;
  readonly format: 'table' | 'json';
}

interface Account {
  readonly platform?: string;
  readonly account?: string;
}

interface EventAnswer {
  readonly id: string;
  readonly kind: string;
  readonly at: string;
  readonly actor: string;
  readonly subject: string;
  readonly refs: Readonly<Record<string, unknown>>;
}

export function auditCommand(): Command {
  const command = new Command('audit')
    .summary('the record of what happened, and whether it is whole')
    .description(
      'Every act is an event that nobody can change unnoticed: each second, new events are chained in a sealed batch.\n' +
        'Keep the head that `vigie audit verify` names somewhere else: it proves all that came before it.',
    );
  command
    .command('verify')
    .summary('compare the sealed batches with the database, or check an export')
    .argument('[export]', 'a file from `vigie audit export`; without one, the record of the installation')
    .addOption(new Option('--head <hash>', 'a head noted earlier, which must be part of the chain'))
    .addOption(formatOption())
    .addOption(dataOption())
    .addHelpText(
      'after',
      `\nExit codes: 0 all fits, ${EXIT_FOUND} something does not and is named, 1 it could not be checked.`,
    )
    .action(async (file: string | undefined, flags: Flags & { readonly head?: string }) => {
      if (file === undefined) await withService(flags.data, (service) => verify(service, flags));
      else await verifyFile(file, flags);
    });
  command
    .command('tail')
    .summary('show the latest events')
    .addOption(new Option('--limit <n>', 'how many').default(20).argParser(whole(1, 1_000)))
    .addOption(
      new Option('--kind <kind>', 'only of this kind, such as entry.status-changed')
        .choices(ALL_EVENT_KINDS)
        .argParser(eventKind),
    )
    .addOption(new Option('--subject <subject>', 'only about this subject, such as list:…'))
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async (flags: Flags & { limit: number; kind?: string; subject?: string }) => {
      await withService(flags.data, (service) => tail(service, flags));
    });
  command
    .command('export')
    .summary('write all sealed batches to standard output')
    .addOption(new Option('--after <n>', 'only batches after this number').default(0).argParser(whole(0, 2 ** 31)))
    .addOption(dataOption())
    .action(async (flags: Flags & { readonly after: number }) => {
      await withService(flags.data, async (service) => {
        for await (const line of linesOf(service, 'GET', `/v1/audit/export?after=${flags.after}`))
          await writeLine(line);
      });
    });
  command
    .command('erase')
    .summary('erase what the record holds of a subject; there is no way back')
    .argument('[subject]', 'such as item:…, as `vigie audit tail` shows it')
    .addOption(new Option('--platform <name>', 'the platform of an account, in place of a subject'))
    .addOption(new Option('--account <id>', "the platform's own id of the account"))
    .addOption(new Option('--for-good', 'say that it is meant').makeOptionMandatory())
    .addOption(dataOption())
    .action(async (named: string | undefined, { data, platform, account }: Flags & Account) => {
      const both = platform !== undefined && account !== undefined;
      if ((named === undefined) !== both) {
        throw new VigieError('usage', { detail: 'give a subject, or --platform and --account' });
      }
      const json = named === undefined ? { platform, account } : { subject: named };
      await withService(data, async (service) => {
        const answer = service.call<{ subject: string; payloads: number }>('POST', '/v1/audit/erase', { json });
        const { subject, payloads } = await answer;
        remark(`${subject} is erased: ${payloads} payloads and their key are destroyed. Its events stay.`);
      });
    });
  return command;
}

/** All of them would fill the screen. */
function eventKind(text: string): string {
  if (ALL_EVENT_KINDS.some((kind) => kind === text)) return text;
  const near = nearest(text, ALL_EVENT_KINDS);
  throw new InvalidArgumentError(
    near.length > 0 ? `Did you mean ${near.join(', ')}?` : `Kinds are ${ALL_EVENT_KINDS.join(', ')}.`,
  );
}

async function verify(service: ServiceClient, { format, head }: Flags & { readonly head?: string }): Promise<void> {
  let result: VerifyResult | undefined;
  for await (const line of linesOf(service, 'POST', '/v1/audit/verify')) {
    const told = JSON.parse(line) as { finding?: Finding; result?: VerifyResult; error?: { code: never } };
    if (told.error !== undefined) throw fromProblem(told.error);
    result = told.result ?? result;
    if (format === 'json') await writeLine(line);
    else if (told.finding !== undefined) await writeLine(inWords(told.finding));
  }
  if (result === undefined) throw new VigieError('service-lost');
  const known = head === undefined || head === result.head || (await isHead(service, head));
  if (!known) remark(colourErr.red('The head that was noted is no part of the chain.'));
  if (format === 'table') await tellResult(result);
  if (result.findings > 0) remark('Keep the disk and the latest backup as they are until it is understood.');
  if (result.findings > 0 || !known) process.exitCode = EXIT_FOUND;
}

async function tellResult({ batches, events, findings, unsealed, oldestUnsealed, head }: VerifyResult): Promise<void> {
  await writeLine(`${inSum(findings)}: ${events} events in ${batches} sealed batches.`);
  const since = oldestUnsealed === null ? '' : `, the oldest of ${String(oldestUnsealed)}`;
  if (unsealed > 0) await writeLine(`Not sealed yet, and so not checked: ${unsealed} events${since}.`);
  await writeLine(`head ${head}`);
}

function inSum(findings: number): string {
  if (findings === 0) return colour.green('All fits');
  return colour.red(findings === 1 ? 'One thing does not fit' : `${findings} things do not fit`);
}

function inWords({ kind, batch, event, detail }: Finding): string {
  const where = [batch === null ? '' : `batch ${batch}`, event === null ? '' : `event ${event}`].filter(Boolean);
  return `${colour.red(kind)} ${where.join(', ')}${where.length > 0 ? ': ' : ''}${printable(detail)}`;
}

async function isHead(service: ServiceClient, head: string): Promise<boolean> {
  for await (const line of linesOf(service, 'GET', '/v1/audit/export')) {
    if (line.includes(`"hash":"${head}"`)) return true;
  }
  return false;
}

async function verifyFile(file: string, { format, head }: Flags & { readonly head?: string }): Promise<void> {
  let seen = head === undefined;
  const input = createReadStream(file);
  try {
    await once(input, 'open');
  } catch (cause) {
    throw new VigieError('file-not-readable', { detail: file, cause });
  }
  const lines = async function* (): AsyncGenerator<string> {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      if (head !== undefined && line.includes(`"hash":"${head}"`)) seen = true;
      yield line;
    }
  };
  const told: Promise<void>[] = [];
  const result = await verifyExport(lines(), (finding) => {
    told.push(writeLine(format === 'json' ? JSON.stringify({ finding }) : inWords(finding)));
  });
  await Promise.all(told);
  const { events, first, last, findings, head: newest } = result;
  if (!seen) remark(colourErr.red('The head that was noted is no part of it.'));
  if (format === 'json') await writeLine(JSON.stringify({ result }));
  else {
    const before = first > 1 ? ` What came before batch ${first} is not in it and was not checked.` : '';
    await writeLine(`${inSum(findings)}: ${events} events in batches ${first} to ${last}.${before}`);
    await writeLine(`head ${newest}; whether anything came after it, only --head or the service can tell`);
  }
  if (seen && findings === 0) return;
  remark('Take a new export and check that. If it fits, only this file was changed; keep both until it is understood.');
  process.exitCode = EXIT_FOUND;
}

async function tail(
  service: ServiceClient,
  { limit, kind, subject, format }: Flags & { limit: number; kind?: string; subject?: string },
): Promise<void> {
  const query = new URLSearchParams({ limit: String(limit) });
  if (kind !== undefined) query.set('kind', kind);
  if (subject !== undefined) query.set('subject', subject);
  const answer = await service.call<{ events: readonly EventAnswer[]; sealed: { unsealed: number } }>(
    'GET',
    `/v1/audit/events?${query}`,
  );
  if (format === 'json') return await writeLine(JSON.stringify(answer));
  const rows = answer.events.map(({ at, kind: what, actor, subject: about, refs }) => [
    secondOf(at),
    what,
    printable(actor),
    printable(about),
    printable(
      Object.entries(refs)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(' '),
    ),
  ]);
  await writeLine(table(['at (UTC)', 'kind', 'by', 'about', 'refs'], rows));
  if (answer.sealed.unsealed > 0) remark(`${answer.sealed.unsealed} of all events are not sealed yet.`);
}

async function* linesOf(service: ServiceClient, method: 'GET' | 'POST', path: string): AsyncGenerator<string> {
  const { body } = await service.request(method, path);
  try {
    for await (const line of createInterface({ input: body, crlfDelay: Infinity })) if (line !== '') yield line;
  } catch (cause) {
    throw lostOr(cause);
  }
}
