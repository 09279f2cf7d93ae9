import type { VerdictWord } from '../../api/types.js';
import { count } from '../../lib/in-words.js';
import { classes } from '../../ui/classes.js';
import { VERDICT_WORDS } from './verdict-words.js';

const WORDS = ['match', 'no-match', 'could-not-tell'] as const;

const DOTS: Readonly<Record<VerdictWord, string>> = {
  match: 'bg-match',
  'no-match': 'bg-ink-3',
  'could-not-tell': 'bg-unsure',
};

interface VerdictFilterProps {
  readonly all: number;
  readonly counts: Readonly<Record<VerdictWord, number>>;
  readonly shown: VerdictWord | undefined;
  readonly onShow: (verdict: VerdictWord | undefined) => void;
}

/** How many of each verdict there are; pressing one shows these alone. */
export function VerdictFilter({ all, counts, shown, onShow }: VerdictFilterProps) {
  return (
    <fieldset className="flex flex-wrap gap-1">
      <legend className="sr-only">Show</legend>
      <Choice pressed={shown === undefined} onPress={() => onShow(undefined)} words="All" n={all} />
      {WORDS.map((word) => (
        <Choice
          key={word}
          pressed={shown === word}
          onPress={() => onShow(shown === word ? undefined : word)}
          words={VERDICT_WORDS[word]}
          n={counts[word]}
          dot={DOTS[word]}
        />
      ))}
    </fieldset>
  );
}

interface ChoiceProps {
  readonly pressed: boolean;
  readonly onPress: () => void;
  readonly words: string;
  readonly n: number;
  readonly dot?: string;
}

function Choice({ pressed, onPress, words, n, dot }: ChoiceProps) {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      onClick={onPress}
      className={classes(
        'inline-flex h-7 items-center gap-1.5 rounded-lg border px-2.5 text-xs transition-colors',
        pressed
          ? 'border-line-strong bg-raised font-medium text-ink shadow-card'
          : 'border-transparent text-ink-2 hover:bg-ink/6',
      )}
    >
      {dot !== undefined && <span className={`size-2 rounded-full ${dot}`} aria-hidden="true" />}
      {words} <span className="text-ink-3">{count(n)}</span>
    </button>
  );
}
