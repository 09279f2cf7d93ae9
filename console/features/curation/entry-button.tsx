import { type ComponentProps, useState } from 'react';
import { Button } from '../../ui/button.js';
import { useScope } from '../session/use-scope.js';
import { EntryDialog } from './entry-dialog.js';

interface EntryButtonProps {
  readonly list: string;
  readonly entry: string;
  readonly look?: ComponentProps<typeof Button>['look'];
}

/** To an entry, for those who may see what it holds. */
export function EntryButton({ list, entry, look = 'plain' }: EntryButtonProps) {
  const mayRead = useScope('entries:read');
  const [open, setOpen] = useState(false);
  if (!mayRead) return null;
  return (
    <>
      <Button size="small" look={look} onClick={() => setOpen(true)}>
        Look at the entry …
        <span className="sr-only">
          {' '}
          {entry} of {list}
        </span>
      </Button>
      {open && <EntryDialog list={list} entry={entry} onClose={() => setOpen(false)} />}
    </>
  );
}
