import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useDeferredValue, useRef, useState } from 'react';
import { addPolicy, backtestPolicy, checkPolicy, type PolicyProblem } from '../../api/policies.js';
import { ApiProblem } from '../../api/problem.js';
import { noticeProblem, refreshPolicies } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { TextAreaField, TextField } from '../../ui/field.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { useScope } from '../session/use-scope.js';
import { BacktestResult } from './backtest-result.js';

interface PolicyEditorProps {
  readonly source: string;
  readonly onAdded: (number: number) => void;
}

const DAYS = 7;

/** A policy as text: what is wrong with it while it is written, what it would do, and keeping it as a draft. */
export function PolicyEditor({ source, onAdded }: PolicyEditorProps) {
  const [text, setText] = useState(source);
  const checked = useDeferredValue(text);
  const area = useRef<HTMLTextAreaElement>(null);
  const mayChange = useScope('policy:write');
  const check = useQuery({
    queryKey: ['policy-check', checked],
    queryFn: ({ signal }) => checkPolicy(checked, signal),
    placeholderData: (before) => before,
    enabled: checked !== '',
  });
  const failed = (thrown: unknown) => noticeProblem(ApiProblem.from(thrown));
  const trying = useMutation({ mutationFn: () => backtestPolicy(text, DAYS), onError: failed });
  const adding = useMutation({
    mutationFn: (note: string) => addPolicy(text, note),
    onSuccess: async ({ number }) => {
      await refreshPolicies();
      onAdded(number);
    },
    onError: failed,
  });
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    adding.mutate(String(new FormData(event.currentTarget).get('note') ?? ''));
  };
  const goTo = (line: number): void => {
    const from =
      text
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length + (line > 1 ? 1 : 0);
    const end = text.indexOf('\n', from);
    area.current?.focus();
    area.current?.setSelectionRange(from, end === -1 ? text.length : end);
  };
  const problems = check.data?.problems ?? [];
  const usable = check.data !== undefined && problems.length === 0 && !check.isPlaceholderData;
  const error = check.error ?? trying.error ?? adding.error;
  return (
    <form onSubmit={submit} className="space-y-4">
      <TextAreaField
        ref={area}
        label="Rules"
        name="source"
        rows={28}
        wrap="off"
        className="font-mono text-xs leading-5"
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        hint="Asked from the top; the first that matches ends it, unless it says `then: continue`."
      />
      <div aria-live="polite" className="space-y-2 text-sm">
        <Problems title="It cannot be used:" problems={problems} onGo={goTo} />
        <Problems title="It can be used, but:" problems={check.data?.warnings ?? []} onGo={goTo} />
        {usable && check.data?.warnings.length === 0 && <p className="text-ink-2">Nothing is wrong with it.</p>}
      </div>
      {error !== null && <ProblemNote problem={ApiProblem.from(error)} />}
      <div className="flex flex-wrap items-start gap-3">
        <Button disabled={!usable || trying.isPending} onClick={() => trying.mutate()}>
          Try it on {DAYS} days
        </Button>
      </div>
      {trying.data !== undefined && <BacktestResult report={trying.data} />}
      {mayChange && text !== source && (
        <div className="flex flex-wrap items-start gap-3">
          <div className="min-w-64 flex-1">
            <TextField
              label="What is new"
              name="note"
              required
              maxLength={500}
              hint="For people, beside the version."
            />
          </div>
          <Button look="primary" type="submit" className="mt-6.5" disabled={!usable || adding.isPending}>
            Keep as a draft
          </Button>
        </div>
      )}
    </form>
  );
}

interface ProblemsProps {
  readonly title: string;
  readonly problems: readonly PolicyProblem[];
  readonly onGo: (line: number) => void;
}

function Problems({ title, problems, onGo }: ProblemsProps) {
  if (problems.length === 0) return null;
  return (
    <div>
      <p className="font-medium">{title}</p>
      <ul className="mt-1 space-y-1">
        {problems.map(({ line, text }) => (
          <li key={`${line} ${text}`} className="flex items-baseline gap-2">
            <Button size="small" look="quiet" onClick={() => onGo(line)}>
              Line {line}
            </Button>
            <span className="min-w-0 break-words">{text}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
