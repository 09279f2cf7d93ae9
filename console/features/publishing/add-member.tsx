import { useState } from 'react';
import { Button } from '../../ui/button.js';
import { CopyableCommand } from '../../ui/copyable-command.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { Icon } from '../../ui/icon.js';
import { AddMemberForm } from './add-member-form.js';

/** A button, the form behind it, and the key: shown once, and gone with the dialog. */
export function AddMember() {
  const [open, setOpen] = useState(false);
  const [added, setAdded] = useState<{ readonly name: string; readonly key: string }>();
  const change = (next: boolean): void => {
    setOpen(next);
    setAdded(undefined);
  };
  return (
    <>
      <Button onClick={() => change(true)}>
        <Icon name="plus" />
        Add a member
      </Button>
      <Dialog
        open={open}
        onOpenChange={change}
        title={added === undefined ? 'Add a member' : `The key of ${added.name}`}
        description={
          added === undefined
            ? 'It gets the published lists that you let it have, with a key of its own.'
            : 'Give it to the member by a way that nobody else reads. It is not shown again.'
        }
      >
        {added === undefined ? (
          <AddMemberForm onAdded={setAdded} />
        ) : (
          <>
            <div className="px-6 pt-4">
              <CopyableCommand command={added.key} />
            </div>
            <DialogActions>
              <Button look="primary" onClick={() => change(false)}>
                I have it
              </Button>
            </DialogActions>
          </>
        )}
      </Dialog>
    </>
  );
}
