import { useQuery } from '@tanstack/react-query';
import { attentionQuery } from '../../api/queries.js';
import { counted } from '../../lib/in-words.js';
import { PanelHead } from '../../ui/panel.js';
import { useScope } from '../session/use-scope.js';
import { AttentionCard } from './attention-card.js';

/** What needs somebody; not there as long as nothing does. */
export function AttentionPanel() {
  const maySee = useScope('attention:read');
  const mayAct = useScope('attention:write');
  const { data: attention = [] } = useQuery({ ...attentionQuery, enabled: maySee });
  if (attention.length === 0) return null;
  const overdue = attention.filter((each) => each.overdue).length;
  return (
    <section aria-labelledby="attention-title">
      <PanelHead
        id="attention-title"
        title="Attention"
        aside={overdue > 0 ? `${counted(overdue, 'is', 'are')} overdue` : counted(attention.length, 'thing')}
      />
      <ul className="space-y-3" aria-label="What needs somebody">
        {attention.map((each) => (
          <AttentionCard key={each.id} attention={each} mayAct={mayAct} />
        ))}
      </ul>
    </section>
  );
}
