import { type ComponentProps, useState } from 'react';
import type { MadeProposal } from '../../api/curation.js';
import { Button } from '../../ui/button.js';
import { Dialog, DialogActions } from '../../ui/dialog.js';
import { Icon } from '../../ui/icon.js';
import { KnownEntries } from './known-entries.js';
import { ProposeForm } from './propose-form.js';

interface ProposeProps {
  /** A medium that is at hand already. */
  readonly medium?: File;
  readonly size?: ComponentProps<typeof Button>['size'];
}

/** A button, the form behind it, and what became of it. */
export function Propose({ medium, size = 'medium' }: ProposeProps) {
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<MadeProposal>();
  const change = (next: boolean): void => {
    setOpen(next);
    setMade(undefined);
  };
  return (
    <>
      <Button size={size} look={medium === undefined ? 'plain' : 'quiet'} onClick={() => change(true)}>
        {medium === undefined && <Icon name="plus" />}
        {medium === undefined ? 'Propose' : 'Propose for a list …'}
        {medium !== undefined && <span className="sr-only"> {medium.name}</span>}
      </Button>
      <Dialog
        open={open}
        onOpenChange={change}
        title={made === undefined ? 'Propose for a list' : 'Proposed'}
        description="It acts once a second person has approved it; until then nothing changes."
      >
        {made === undefined ? (
          <ProposeForm medium={medium} onMade={setMade} />
        ) : (
          <>
            <div role="status" className="space-y-3 px-6 pt-4">
              <p className="flex gap-2">
                <Icon name="check" className="mt-0.5 size-4 text-good" />
                It waits for somebody else, under Curation.
              </p>
              {made.lacks !== null && (
                <p className="rounded-lg border border-unsure-line bg-unsure-wash p-3 text-unsure-ink">
                  Only exact copies will be found by it: there is no perceptual hash, or only a part (
                  <code className="font-mono">{made.lacks}</code>).
                </p>
              )}
              {made.act === 'add' && <KnownEntries known={made.known} />}
            </div>
            <DialogActions>
              <Button look="primary" onClick={() => change(false)}>
                Done
              </Button>
            </DialogActions>
          </>
        )}
      </Dialog>
    </>
  );
}
