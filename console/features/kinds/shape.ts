import type { Kind, Trial } from '../../api/kinds.js';
import { fieldsOf, readFields } from './schema-fields.js';

/** By name of the field, what is wrong with it. */
export type FieldFaults = Readonly<Record<string, string>>;

export interface ShapeFaults {
  readonly settings: FieldFaults;
  readonly credentials: FieldFaults;
}

export const NO_FAULTS: ShapeFaults = { settings: {}, credentials: {} };

/** Reads what was typed into an input, trimmed. */
export type Typed = (name: string) => string;

export function typedIn(form: HTMLFormElement): Typed {
  const typed = new FormData(form);
  return (name) => String(typed.get(name) ?? '').trim();
}

/**
 * Settings and credentials as the kind wants them.
 * @param keep empty credentials mean those that are there
 */
export function readShape(kind: Kind, typed: Typed, { keep = false } = {}): { trial: Trial; faults: ShapeFaults } {
  const credentialFields = fieldsOf(kind.credentials);
  const given = !keep || credentialFields.some(({ name }) => typed(`credentials.${name}`) !== '');
  const settings = readFields(fieldsOf(kind.settings), (name) => typed(`settings.${name}`));
  const secret = readFields(given ? credentialFields : [], (name) => typed(`credentials.${name}`));
  return {
    trial: {
      ...{ kind: kind.kind, settings: settings.value },
      ...(given && credentialFields.length > 0 && { credentials: secret.value }),
    },
    faults: { settings: settings.faults, credentials: secret.faults },
  };
}

export const hasFaults = ({ settings, credentials }: ShapeFaults): boolean =>
  Object.keys(settings).length > 0 || Object.keys(credentials).length > 0;

/** The faults without that of the input which is being mended. */
export function withoutShapeFault({ settings, credentials }: ShapeFaults, field: EventTarget): ShapeFaults {
  const name = 'name' in field ? String(field.name) : '';
  const without = (faults: FieldFaults, prefix: string): FieldFaults =>
    Object.fromEntries(Object.entries(faults).filter(([each]) => prefix + each !== name));
  return { settings: without(settings, 'settings.'), credentials: without(credentials, 'credentials.') };
}
