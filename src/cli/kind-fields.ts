import { type Command, Option } from 'commander';
import { VigieError } from '../errors.js';
import { askFields, type FieldsSchema, readFields } from './ask-fields.js';
import { dataOption, formatOption } from './options.js';
import { printable, remark, table, writeLine } from './output.js';
import type { ServiceClient } from './service-client.js';
import { withService } from './with-service.js';

/** A kind of source or platform, with what it needs to be told. */
export interface KindAnswer {
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  readonly settings: FieldsSchema;
  readonly credentials: FieldsSchema | null;
}

export interface Shape {
  readonly settings?: string;
  readonly credentials?: string;
}

export const settingsOption = () =>
  new Option('--settings <file>', 'a JSON object of settings; - for standard input; asked for when left out');
export const credentialsOption = () =>
  new Option('--credentials <file>', 'a JSON object of credentials; - for standard input; asked for when left out');

function fieldRows(what: string, schema: FieldsSchema | null): string[][] {
  return Object.entries(schema?.properties ?? {}).map(([name, { description }]) => [
    ...[`  ${what}.${name}${schema?.required?.includes(name) ? ' *' : ''}`, printable(description ?? '')],
  ]);
}

/** Adds `kinds`, which tells what each needs. @param who such as `source`, which is part of the route too */
export function addKinds(command: Command, who: string): void {
  command
    .command('kinds')
    .summary(`kinds of ${who}s, and what each needs`)
    .addOption(formatOption())
    .addOption(dataOption())
    .action(async ({ data, format }: { readonly data: string; readonly format: 'table' | 'json' }) => {
      await withService(data, async (service) => {
        const kinds = await kindsOf(service, who);
        if (format === 'json') return await writeLine(JSON.stringify(kinds));
        for (const { kind, title, description, settings, credentials } of kinds) {
          await writeLine(`${kind}: ${title}. ${description}`);
          const rows = [...fieldRows('settings', settings), ...fieldRows('credentials', credentials)];
          await writeLine(table(['', ''], rows));
        }
      });
    });
}

/** Adds a command about one of them. */
export function addNamed(command: Command, who: string, name: string, summary: string): Command {
  return command.command(name).summary(summary).argument('<name>', `the ${who}`).addOption(dataOption());
}

/** The kind of a name. @returns undefined when the service knows none */
export async function kindNamed(service: ServiceClient, who: string, name: string): Promise<KindAnswer | undefined> {
  return (await kindsOf(service, who)).find(({ kind }) => kind === name);
}

async function kindsOf(service: ServiceClient, who: string): Promise<readonly KindAnswer[]> {
  return (await service.call<{ kinds: readonly KindAnswer[] }>('GET', `/v1/${who}-kinds`)).kinds;
}

/** Has a connection tested, and writes what it said. @param who such as `source` */
export async function tellFacts(
  service: ServiceClient,
  who: string,
  path: string,
  options: { readonly json?: unknown },
): Promise<void> {
  const { facts } = await service.call<{ facts: Readonly<Record<string, string>> }>('POST', path, options);
  remark(`The ${who} answers.`);
  for (const [name, value] of Object.entries(facts)) await writeLine(`${printable(name)}: ${printable(value)}`);
}

/** Settings and credentials from files, standard input or the terminal. @throws VigieError `usage` */
export async function shapeOf({ settings, credentials }: Shape, needs: KindAnswer) {
  assertOneStdin(settings, credentials);
  const said = settings === undefined ? await askFields(needs.settings, { secret: false }) : await readFields(settings);
  if (needs.credentials === null) return { settings: said };
  const secret =
    credentials === undefined ? await askFields(needs.credentials, { secret: true }) : await readFields(credentials);
  return { settings: said, credentials: secret };
}

/** The same of what is there already: only what is given, and nothing is asked for. @throws VigieError `usage` */
export async function changedShape({ settings, credentials }: Shape) {
  assertOneStdin(settings, credentials);
  return {
    ...(settings === undefined ? {} : { settings: await readFields(settings) }),
    ...(credentials === undefined ? {} : { credentials: await readFields(credentials) }),
  };
}

function assertOneStdin(settings: string | undefined, credentials: string | undefined): void {
  if (settings === '-' && credentials === '-') {
    throw new VigieError('usage', { detail: 'only one of --settings and --credentials can be standard input' });
  }
}
