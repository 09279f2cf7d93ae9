import type { Action } from '../../api/actions.js';
import { dateAndTime, reasonWords } from '../../lib/in-words.js';
import { Facts } from '../../ui/facts.js';
import { Tag } from '../../ui/tag.js';
import { useWho } from '../session/who.js';
import { ActionActs } from './action-acts.js';
import { ACTION_STATES, actWords, heldWords, outcomeWords, whyWords } from './action-words.js';

interface ActionCardProps {
  readonly action: Action;
  readonly mayAct: boolean;
  readonly onTold: (words: string) => void;
  /** Whether it is one of several that are decided together; undefined: it cannot be. */
  readonly chosen: boolean | undefined;
  readonly onChoose: (chosen: boolean) => void;
}

/** One act: what, why, how it stands, and what can be done about it. Nothing of the medium or of an entry's values. */
export function ActionCard({ action, mayAct, onTold, chosen, onChoose }: ActionCardProps) {
  const { id, act, platform, state, dryRun } = action;
  const { words, tone } = ACTION_STATES[state];
  const facts = useActionFacts(action);
  return (
    <li className="space-y-3 rounded-xl border border-line bg-surface p-4 shadow-card">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        {chosen !== undefined && (
          <input
            type="checkbox"
            className="size-4 accent-accent"
            aria-label={`Choose: ${actWords(act)} on ${platform}, ${id}`}
            checked={chosen}
            onChange={({ target }) => onChoose(target.checked)}
          />
        )}
        <h3 className="min-w-0 font-semibold">{actWords(act)}</h3>
        <span className="break-all text-ink-3 text-xs">on {platform}</span>
        <span className="flex flex-wrap gap-1.5 sm:ml-auto">
          {dryRun && <Tag tone="accent">Dry run</Tag>}
          <Tag tone={tone}>{words}</Tag>
        </span>
      </div>
      <Facts facts={facts} />
      {mayAct && <ActionActs action={action} onTold={onTold} />}
    </li>
  );
}

const code = (text: string) => <code className="break-all font-mono">{text}</code>;

function useActionFacts(action: Action) {
  const who = useWho();
  const { subject, verdict, listName, entry, heldBy, state, undoes, undoneBy } = action;
  const { attempts, next, proposed, ordered, orderedBy, ended } = action;
  const said = outcomeWords(action);
  const by = orderedBy === 'policy' ? 'the policy' : who(orderedBy);
  return [
    ['About', <span key="about">{[reasonWords(subject.kind), ' ', code(subject.id)]}</span>],
    ['Why', whyWords(action)],
    ...(entry === null
      ? []
      : [['Entry', <span key="entry">{[code(entry), ` of ${listName ?? 'a list that is gone'}`]}</span>] as const]),
    ...(verdict === null ? [] : [['Verdict', code(verdict)] as const]),
    ...(heldBy === null ? [] : [['Waits', heldWords(heldBy)] as const]),
    ...(undoes === null ? [] : [['Takes back', code(undoes)] as const]),
    ...(undoneBy === null ? [] : [['Taken back', <span key="back">{['by ', code(undoneBy)]}</span>] as const]),
    ['Proposed', dateAndTime(proposed)],
    ...(ordered === null ? [] : [['Ordered', `by ${by}, ${dateAndTime(ordered)}`] as const]),
    ...(attempts === null || attempts === 0 ? [] : [['Attempts', String(attempts)] as const]),
    ...(next === null || attempts === 0 ? [] : [['Next attempt', dateAndTime(next)] as const]),
    ...(said === undefined ? [] : [[state === 'confirmed' ? 'Outcome' : 'It was said', said] as const]),
    ...(ended === null ? [] : [['Ended', dateAndTime(ended)] as const]),
  ] as const;
}
