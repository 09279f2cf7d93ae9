import { Disclosure } from '../../ui/disclosure.js';
import { SelectField, TextAreaField, TextField } from '../../ui/field.js';
import type { SchemaField } from './schema-fields.js';

interface SchemaFormProps {
  readonly fields: readonly SchemaField[];
  /** In front of the names of the inputs, so that two forms can stand in one. */
  readonly prefix: string;
  readonly faults: Readonly<Record<string, string>>;
  /** What is typed is covered. */
  readonly secret?: boolean;
}

/** Inputs for the fields of a schema; those that are seldom changed are folded away. */
export function SchemaForm({ fields, prefix, faults, secret = false }: SchemaFormProps) {
  const shown = (field: SchemaField) => (
    <SchemaInput key={field.name} {...{ field, prefix, secret }} error={faults[field.name]} />
  );
  const seldom = fields.filter((field) => field.seldom);
  const faulty = seldom.some(({ name }) => faults[name] !== undefined);
  return (
    <>
      {fields.filter((field) => !field.seldom).map(shown)}
      {seldom.length > 0 && (
        <Disclosure summary={secret ? 'More credentials' : 'More settings'} {...(faulty && { open: true })}>
          <div className="space-y-3">{seldom.map(shown)}</div>
        </Disclosure>
      )}
    </>
  );
}

interface SchemaInputProps {
  readonly field: SchemaField;
  readonly prefix: string;
  readonly secret: boolean;
  readonly error: string | undefined;
}

/** Who somebody is, as opposed to what proves it: covering it would only hide a slip. */
const NO_SECRETS = new Set(['username', 'header']);

function SchemaInput({ field, prefix, secret, error }: SchemaInputProps) {
  const { name, label, description, input, required, standard, choices } = field;
  const about = {
    ...{ name: prefix + name, label: required ? label : `${label} (optional)`, hint: description, error },
    'aria-required': required,
  };
  if (input === 'choice') {
    return (
      <SelectField {...about} label={label} defaultValue={standard ?? ''}>
        {standard === undefined && <option value="">{required ? 'Choose …' : 'not said'}</option>}
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </SelectField>
    );
  }
  if (input === 'switch') {
    return (
      <SelectField {...about} label={label} defaultValue={standard === 'true' ? 'on' : ''}>
        <option value="on">yes</option>
        <option value="">no</option>
      </SelectField>
    );
  }
  if (input === 'lines' || input === 'pairs') {
    const how = input === 'lines' ? 'One a line.' : 'One pair a line: theirs = ours.';
    return <TextAreaField {...about} hint={`${description} ${how}`} defaultValue={standard ?? ''} />;
  }
  if (secret && !NO_SECRETS.has(name)) return <TextField {...about} type="password" autoComplete="new-password" />;
  return (
    <TextField
      {...about}
      defaultValue={standard ?? ''}
      {...(input === 'number' && { inputMode: 'decimal' as const })}
      {...(input === 'url' && { inputMode: 'url' as const })}
    />
  );
}
