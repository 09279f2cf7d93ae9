import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiProblem } from '../../api/problem.js';
import { listsQuery, noticeProblem } from '../../api/queries.js';
import { scanText } from '../../api/scan-text.js';
import { Button } from '../../ui/button.js';
import { Disclosure } from '../../ui/disclosure.js';
import { TextAreaField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { VerdictBadge } from '../scan/verdict-badge.js';
import { foundInWords, textVerdictInWords } from './words-in-words.js';

/** A text against the lists of addresses and keywords; not there as long as there is none of these. */
export function CheckText() {
  const { data: lists = [] } = useQuery(listsQuery);
  const [open, setOpen] = useState(false);
  const [lacks, setLacks] = useState(false);
  const checking = useMutation({
    mutationFn: scanText,
    onError: (error) => noticeProblem(ApiProblem.from(error)),
  });
  if (!lists.some(({ content }) => content !== 'media')) return null;
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('text') ?? '');
    setLacks(text.trim() === '');
    if (text.trim() !== '') checking.mutate(text);
  };
  const { data: told, error, isPending } = checking;
  return (
    <div className="mt-3">
      <Disclosure summary="Check a text or an address" open={open} onToggle={setOpen}>
        <form onSubmit={submit} noValidate className="space-y-3 rounded-xl border border-line bg-surface p-4">
          <TextAreaField
            label="Text"
            name="text"
            error={lacks ? 'There is nothing to look at.' : undefined}
            hint="Addresses are looked for in it, and keywords."
          />
          <Button type="submit" disabled={isPending}>
            Check it
          </Button>
          {error !== null && <ProblemNote problem={ApiProblem.from(error)} />}
          {told !== undefined && (
            <div role="status" className="space-y-2">
              <p className="flex flex-wrap items-center gap-2">
                <VerdictBadge verdict={told.verdict} />
                {textVerdictInWords(told)}
              </p>
              <ul className="space-y-1 text-ink-2 text-xs">
                {[...told.links, ...told.review].map((found) => (
                  <li key={`${found.list}/${found.entry}/${found.where}`} className="break-all">
                    {foundInWords(found)}
                  </li>
                ))}
              </ul>
            </div>
          )}
        </form>
      </Disclosure>
    </div>
  );
}
