import { useQuery } from '@tanstack/react-query';
import { ApiProblem } from '../../api/problem.js';
import { sourcesQuery } from '../../api/queries.js';
import { counted } from '../../lib/in-words.js';
import { Button } from '../../ui/button.js';
import { PanelHead } from '../../ui/panel.js';
import { ProblemNote } from '../../ui/problem-note.js';
import { useScope } from '../session/use-scope.js';
import { AddSource } from './add-source.js';
import { SourceCard } from './source-card.js';

/** Where lists come from, and how that goes. */
export function SourcesPanel() {
  const { data: sources, error, refetch } = useQuery(sourcesQuery);
  const mayChange = useScope('sources:write');
  return (
    <section aria-labelledby="sources-title">
      <PanelHead
        id="sources-title"
        title="Sources"
        aside={sources && sources.length > 1 && counted(sources.length, 'source')}
      >
        {mayChange && <AddSource />}
      </PanelHead>
      {sources === undefined && error === null && (
        <p role="status" className="text-ink-2">
          The sources are being fetched …
        </p>
      )}
      {sources === undefined && error !== null && (
        <ProblemNote problem={ApiProblem.from(error)}>
          <Button size="small" onClick={() => void refetch()}>
            Try again
          </Button>
        </ProblemNote>
      )}
      {sources?.length === 0 && (
        <p className="rounded-xl border border-line-strong border-dashed p-6 text-center text-ink-2">
          No list is kept up to date by a source yet. Add the exchange or the file that you were given access to.
        </p>
      )}
      <ul className="grid gap-3 xl:grid-cols-2" aria-label="Sources of lists">
        {sources?.map((source) => (
          <SourceCard key={source.name} source={source} mayChange={mayChange} />
        ))}
      </ul>
    </section>
  );
}
