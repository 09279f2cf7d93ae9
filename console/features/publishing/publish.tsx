import { useState } from 'react';
import type { Publication } from '../../api/publishing.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Icon } from '../../ui/icon.js';
import { PublishForm } from './publish-form.js';

/** A button and the form behind it. @param publication whose terms are changed; else a list is published anew */
export function Publish({ publication }: { readonly publication?: Publication }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      {publication === undefined ? (
        <Button onClick={() => setOpen(true)}>
          <Icon name="plus" />
          Publish a list
        </Button>
      ) : (
        <Button size="small" onClick={() => setOpen(true)}>
          Change the terms …<span className="sr-only"> {publication.list}</span>
        </Button>
      )}
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={publication === undefined ? 'Publish a list' : `The terms of ${publication.list}`}
        description={
          publication === undefined
            ? 'Its entries leave the house from then on, to members with a key of their own alone.'
            : 'When what a member gets is changed, it is told everything anew.'
        }
      >
        <PublishForm publication={publication} onDone={() => setOpen(false)} />
      </Dialog>
    </>
  );
}
