import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { listsQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { SelectField, TextField } from '../../ui/field.js';
import { EntryDialog } from './entry-dialog.js';

/** Any entry of any list, by its id. */
export function FindEntry() {
  const { data: lists = [] } = useQuery(listsQuery);
  const [asking, setAsking] = useState(false);
  const [lacks, setLacks] = useState(false);
  const [found, setFound] = useState<{ readonly list: string; readonly entry: string }>();
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const entry = String(typed.get('entry') ?? '').trim();
    setLacks(entry === '');
    if (entry === '') return;
    setAsking(false);
    setFound({ list: String(typed.get('list')), entry });
  };
  return (
    <>
      <Button onClick={() => setAsking(true)} disabled={lists.length === 0}>
        Look up an entry
      </Button>
      <Dialog
        open={asking}
        onOpenChange={setAsking}
        title="Look up an entry"
        description="It is shown with its fingerprints, and that you looked is recorded."
      >
        <form onSubmit={submit} noValidate>
          <div className="space-y-3 px-6 pt-4">
            <SelectField label="List" name="list">
              {lists.map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </SelectField>
            <TextField
              label="Id of the entry"
              name="entry"
              error={lacks ? 'This is needed.' : undefined}
              aria-required
            />
          </div>
          <DialogActions>
            <Button type="submit" look="primary">
              Look at it
            </Button>
          </DialogActions>
        </form>
      </Dialog>
      {found !== undefined && <EntryDialog {...found} onClose={() => setFound(undefined)} />}
    </>
  );
}
