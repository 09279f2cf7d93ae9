import { useQuery } from '@tanstack/react-query';
import { platformKindsQuery, platformsQuery, refreshPlatforms, stopsQuery } from '../../api/enforcement-queries.js';
import { addPlatform, tryOutPlatform } from '../../api/platforms.js';
import { counted } from '../../lib/in-words.js';
import { Fetched } from '../../ui/fetched.js';
import { PanelHead } from '../../ui/panel.js';
import { AddOfKind } from '../kinds/add-of-kind.js';
import { useScope } from '../session/use-scope.js';
import { PlatformCard } from './platform-card.js';

/** The platforms that are watched, and how that goes. */
export function PlatformsPanel({ onTold }: { readonly onTold: (words: string) => void }) {
  const query = useQuery(platformsQuery);
  const mayChange = useScope('platforms:write');
  const { data: stops = [] } = useQuery({ ...stopsQuery, enabled: useScope('enforcement:read') });
  const stopped = new Set(stops.filter(({ lifted }) => lifted === null).map(({ platform }) => platform));
  return (
    <section aria-labelledby="platforms-title">
      <PanelHead
        id="platforms-title"
        title="Platforms"
        aside={query.data && query.data.length > 1 && counted(query.data.length, 'platform')}
      >
        {mayChange && (
          <AddOfKind
            noun="platform"
            description="What is shared there is looked at. It begins as a dry run: what would be done is only written down."
            nameHint="How you will call it; items that come from it bear this name."
            query={platformKindsQuery}
            tryOut={tryOutPlatform}
            add={async (told) => {
              await addPlatform(told);
              await refreshPlatforms();
            }}
          />
        )}
      </PanelHead>
      <Fetched
        query={query}
        waiting="The platforms are being fetched …"
        empty="No platform is watched yet. Add the bot or the account that sees what is shared there."
      >
        {(platforms) => (
          <ul className="grid gap-3 xl:grid-cols-2" aria-label="Platforms">
            {platforms.map((platform) => (
              <PlatformCard
                key={platform.name}
                platform={platform}
                stopped={stopped.has(null) || stopped.has(platform.name)}
                mayChange={mayChange}
                onTold={onTold}
              />
            ))}
          </ul>
        )}
      </Fetched>
    </section>
  );
}
