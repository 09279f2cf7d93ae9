import { useQuery } from '@tanstack/react-query';
import { publicationsQuery } from '../../api/queries.js';
import { Fetched } from '../../ui/fetched.js';
import { PanelHead } from '../../ui/panel.js';
import { useScope } from '../session/use-scope.js';
import { PublicationCard } from './publication-card.js';
import { Publish } from './publish.js';

/** The lists that members get. */
export function PublicationsPanel() {
  const query = useQuery(publicationsQuery);
  const mayPublish = useScope('lists:export');
  return (
    <section aria-labelledby="publications-title">
      <PanelHead id="publications-title" title="Published lists">
        {mayPublish && <Publish />}
      </PanelHead>
      <Fetched
        query={query}
        waiting="The published lists are being fetched …"
        empty="No list is published: nothing leaves the house."
      >
        {(publications) => (
          <ul className="grid gap-3 xl:grid-cols-2" aria-label="Published lists">
            {publications.map((publication) => (
              <PublicationCard key={publication.list} publication={publication} mayChange={mayPublish} />
            ))}
          </ul>
        )}
      </Fetched>
    </section>
  );
}
