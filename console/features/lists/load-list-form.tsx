import { type FormEvent, useState } from 'react';
import type { ImportRequest } from '../../api/import-list.js';
import type { HashList } from '../../api/types.js';
import { counted } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { DialogActions } from '../../ui/dialog.js';
import { Disclosure } from '../../ui/disclosure.js';
import { SelectField, TextField } from '../../ui/field.js';
import { FileChoice } from './file-choice.js';
import { CONTENT_HINTS, CONTENTS, FILE_HINTS, formatsOf, VALUE_TYPES } from './list-formats.js';
import { isListName, listNameFrom } from './list-name.js';

interface LoadListFormProps {
  readonly lists: readonly HashList[];
  /** The list that gets a new version; empty for a new list. */
  readonly list: string;
  readonly onSubmit: (request: ImportRequest) => void;
}

/** What to load, and under which name. */
export function LoadListForm({ lists, list, onSubmit }: LoadListFormProps) {
  const [file, setFile] = useState<File>();
  const [typedName, setTypedName] = useState<string>();
  const [chosenFormat, setFormat] = useState('auto');
  const [chosen, setChosen] = useState<HashList['content']>('media');
  const [tried, setTried] = useState(false);
  const name = list === '' ? (typedName ?? listNameFrom(file?.name ?? '')) : list;
  const known = lists.find((each) => each.name === name);
  const content = known?.content ?? chosen;
  const format = formatsOf(content).some(([value]) => value === chosenFormat) ? chosenFormat : 'auto';
  // Only hashes may be of several kinds.
  const typed = format === 'lines' && content === 'media';
  const nameError =
    tried && !isListName(name) ? 'Use a to z, 0 to 9, dot, dash, underscore; begin with a letter or digit.' : undefined;

  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setTried(true);
    if (file === undefined || !isListName(name)) return;
    const fields = new FormData(event.currentTarget);
    const text = (field: string): string => String(fields.get(field) ?? '').trim();
    onSubmit({
      list: name,
      file,
      format,
      content,
      type: typed ? text('type') : '',
      source: text('source'),
      licence: text('licence'),
      expires: text('expires'),
    });
  };

  return (
    <form onSubmit={submit} noValidate className="flex flex-col">
      <div className="space-y-3 px-6 pt-4">
        <FileChoice
          label="File of the list"
          hint={FILE_HINTS[content]}
          error={tried && file === undefined ? 'Choose the file to load.' : undefined}
          file={file}
          onFile={setFile}
        />
        {list === '' && (
          <TextField
            label="Name"
            name="name"
            value={name}
            onChange={(event) => setTypedName(event.target.value)}
            error={nameError}
            hint={
              known === undefined
                ? 'A new list.'
                : `This list is there: the file becomes its next version, in place of ${counted(known.entries, 'entry', 'entries')}.`
            }
          />
        )}
        {known === undefined && (
          <SelectField
            label="Holds"
            hint={CONTENT_HINTS[content]}
            value={content}
            onChange={(event) => setChosen(event.target.value as HashList['content'])}
          >
            {CONTENTS.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </SelectField>
        )}
        <div className={typed ? 'grid gap-x-3 sm:grid-cols-2' : ''}>
          <SelectField
            label="Format"
            hint="Name it when it is not recognised."
            value={format}
            onChange={(event) => setFormat(event.target.value)}
          >
            {formatsOf(content).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </SelectField>
          {typed && (
            <SelectField label="The values are" name="type">
              {VALUE_TYPES.map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </SelectField>
          )}
        </div>
        <Disclosure summary="Source, licence, expiry">
          <div className="space-y-3">
            <TextField
              label="Source"
              name="source"
              hint="Who gave the list."
              defaultValue={known?.source ?? ''}
              key={`s-${name}`}
            />
            <TextField
              label="Licence"
              name="licence"
              hint="Under which terms."
              defaultValue={known?.licence ?? ''}
              key={`l-${name}`}
            />
            <TextField
              label="Expires"
              name="expires"
              type="date"
              hint="The list stops matching on this day."
              defaultValue={known?.expires?.slice(0, 10) ?? ''}
              key={`e-${name}`}
            />
          </div>
        </Disclosure>
      </div>
      <DialogActions>
        <Button type="submit" look="primary">
          {known === undefined ? 'Load the list' : 'Load the new version'}
        </Button>
      </DialogActions>
    </form>
  );
}
