import type { VerdictWord } from '../../api/types.js';
import { classes } from '../../ui/classes.js';
import { Icon, type IconName } from '../../ui/icon.js';
import { VERDICT_WORDS } from './verdict-words.js';

const LOOKS: Readonly<Record<VerdictWord, { look: string; icon: IconName }>> = {
  match: { look: 'bg-match text-on-match', icon: 'match' },
  'no-match': { look: 'bg-ink/8 text-ink', icon: 'minus' },
  'could-not-tell': { look: 'bg-unsure text-on-unsure', icon: 'question' },
};

/** A verdict by word, drawing and colour. No match is grey and not green: unknown is not harmless. */
export function VerdictBadge({ verdict }: { readonly verdict: VerdictWord }) {
  const { look, icon } = LOOKS[verdict];
  return (
    <span
      className={classes('inline-flex h-6 items-center gap-1.5 rounded-md pr-2 pl-1.5 font-semibold text-xs', look)}
    >
      <Icon name={icon} className="size-3.5" />
      {VERDICT_WORDS[verdict]}
    </span>
  );
}
