import { Option } from 'commander';
import { VigieError } from '../errors.js';
import { askFields, type FieldsSchema, readFields } from './ask-fields.js';
import { printable, remark, writeLine } from './output.js';
import type { ServiceClient } from './service-client.js';

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

export function fieldRows(what: string, schema: FieldsSchema | null): string[][] {
  return Object.entries(schema?.properties ?? {}).map(([name, { description }]) => [
    ...[`  ${what}.${name}${schema?.required?.includes(name) ? ' *' : ''}`, printable(description ?? '')],
  ]);
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
