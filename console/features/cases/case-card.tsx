import type { Case } from '../../api/cases.js';
import { age, count, dateAndTime, reasonWords } from '../../lib/in-words.js';
import { Facts } from '../../ui/facts.js';
import { Tag } from '../../ui/tag.js';
import { useWho } from '../session/who.js';
import { CaseActions } from './case-actions.js';
import { DECISIONS, priorityWords } from './case-words.js';
import { DecideCase } from './decide-case.js';

interface CaseCardProps {
  readonly about: Case;
  readonly mayAct: boolean;
  readonly onTold: (words: string) => void;
}

/** One case: what it is about and why, how urgent it is, and what was done. */
export function CaseCard({ about, mayAct, onTold }: CaseCardProps) {
  const { id, cause, platform, priority, state, decision, due } = about;
  const { words, tone } = decision === null ? priorityWords(priority) : DECISIONS[decision];
  const facts = useCaseFacts(about);
  return (
    <li className="space-y-3 rounded-xl border border-line bg-surface p-4 shadow-card">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <h3 className="min-w-0 break-words font-semibold">{reasonWords(cause)}</h3>
        <span className="break-all text-ink-3 text-xs">on {platform}</span>
        <span className="flex flex-wrap gap-1.5 sm:ml-auto">
          {state === 'open' && Date.parse(due) < Date.now() && <Tag tone="match">Overdue</Tag>}
          <Tag tone={tone}>{words}</Tag>
        </span>
      </div>
      <Facts facts={facts} />
      <CaseActions id={id} mayAct={mayAct} onTold={onTold} />
      {mayAct && state === 'open' && <DecideCase about={about} onTold={onTold} />}
    </li>
  );
}

const code = (text: string) => <code className="break-all font-mono">{text}</code>;

function useCaseFacts({ subject, account, verdict, score, reports, opened, due, state, decidedBy, decided }: Case) {
  const who = useWho();
  return [
    ['About', <span key="about">{[reasonWords(subject.kind), ' ', code(subject.id)]}</span>],
    ...(account === null || subject.kind === 'account' ? [] : [['Shared by', code(account)] as const]),
    ...(verdict === null ? [] : [['Verdict', code(verdict)] as const]),
    ...(score === null ? [] : [['Score', score.toFixed(2)] as const]),
    ...(reports === 0 ? [] : [['Reports', count(reports)] as const]),
    ['Opened', `${dateAndTime(opened)}${state === 'open' ? `, ${age(opened)} ago` : ''}`],
    ...(state === 'open' ? [['Due', dateAndTime(due)] as const] : []),
    ...(decided === null ? [] : [['Decided', `by ${who(decidedBy)}, ${dateAndTime(decided)}`] as const]),
  ] as const;
}
