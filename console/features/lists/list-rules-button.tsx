import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getListRules } from '../../api/client.js';
import { ApiProblem } from '../../api/problem.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { ListRulesForm } from './list-rules-form.js';

/** How the matches of a list are judged, behind a button. */
export function ListRulesButton({ list }: { readonly list: string }) {
  const [open, setOpen] = useState(false);
  const { data: rules, error } = useQuery({
    queryKey: ['rules', list],
    queryFn: ({ signal }) => getListRules(list, signal),
    enabled: open,
    // What is typed must not be taken away by what is fetched meanwhile.
    refetchOnWindowFocus: false,
    gcTime: 0,
  });
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        Rules …<span className="sr-only"> {list}</span>
      </Button>
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={`Rules of ${list}`}
        description="How its matches are judged. A change takes effect at once, everywhere."
      >
        {rules === undefined && (
          <div className="p-6">
            {error === null ? (
              <p role="status">The rules are being fetched …</p>
            ) : (
              <ProblemNote problem={ApiProblem.from(error)} />
            )}
          </div>
        )}
        {rules !== undefined && <ListRulesForm list={list} rules={rules} onDone={() => setOpen(false)} />}
      </Dialog>
    </>
  );
}
