import { useQuery } from '@tanstack/react-query';
import { type Member, revokeMember } from '../../api/publishing.js';
import { membersQuery, refreshPublishing } from '../../api/queries.js';
import { date, dateAndTime } from '../../lib/in-words.js';
import { Facts } from '../../ui/facts.js';
import { Fetched } from '../../ui/fetched.js';
import { PanelHead } from '../../ui/panel.js';
import { Tag } from '../../ui/tag.js';
import { ActButton } from '../acts/act-button.js';
import { useScope } from '../session/use-scope.js';
import { AddMember } from './add-member.js';
import { namesOr } from './publishing-words.js';

/** Those to whom lists are published. Not there for who may not see them. */
export function MembersPanel() {
  const maySee = useScope('members:write');
  const query = useQuery({ ...membersQuery, enabled: maySee });
  if (!maySee) {
    return (
      <section aria-labelledby="members-title">
        <PanelHead id="members-title" title="Members" />
        <p className="text-ink-2">
          Who the members are needs the right <code className="font-mono">members:write</code>.
        </p>
      </section>
    );
  }
  return (
    <section aria-labelledby="members-title">
      <PanelHead id="members-title" title="Members">
        <AddMember />
      </PanelHead>
      <Fetched query={query} waiting="The members are being fetched …" empty="There is no member yet.">
        {(members) => (
          <ul className="grid gap-3 xl:grid-cols-2" aria-label="Members">
            {members.map((member) => (
              <MemberCard key={member.id} member={member} />
            ))}
          </ul>
        )}
      </Fetched>
    </section>
  );
}

function MemberCard({ member }: { readonly member: Member }) {
  const { id, name, lists, grades, jurisdictions, rate, created, revoked, seen } = member;
  return (
    <li className="space-y-3 rounded-xl border border-line bg-surface p-4 shadow-card">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <h3 className="min-w-0 break-words font-semibold">{name}</h3>
        <span className="sm:ml-auto">
          <Tag tone={revoked === null ? 'neutral' : 'unsure'}>{revoked === null ? 'May read' : 'Revoked'}</Tag>
        </span>
      </div>
      <Facts
        facts={[
          ['Lists', namesOr(lists, 'all that are published')],
          ['Grades', namesOr(grades, 'all')],
          ['Is in', namesOr(jurisdictions, 'not said')],
          ...(rate === null ? [] : [['Requests', `at most ${rate}`] as const]),
          ['Asked last', seen === null ? 'never' : dateAndTime(seen)],
          ['Added', date(created)],
          ...(revoked === null ? [] : [['Revoked', dateAndTime(revoked)] as const]),
        ]}
      />
      {revoked === null && (
        <ActButton
          label="Revoke"
          subject={name}
          title={`Revoke ${name}?`}
          description="Its key opens nothing from the next request on, for good. What it has already stays with it."
          reason="none"
          confirm="Revoke the key"
          confirmLook="danger"
          keep="Keep it"
          act={() => revokeMember(id)}
          onDone={refreshPublishing}
        />
      )}
    </li>
  );
}
