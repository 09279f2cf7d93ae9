import { useState } from 'react';
import { type Publication, unpublishList } from '../../api/publishing.js';
import { refreshPublishing } from '../../api/queries.js';
import { counted, dateAndTime } from '../../lib/in-words.js';
import { Disclosure } from '../../ui/disclosure.js';
import { Facts } from '../../ui/facts.js';
import { ActButton } from '../acts/act-button.js';
import { useScope } from '../session/use-scope.js';
import { useWho } from '../session/who.js';
import { OpinionsOfMembers } from './opinions-of-members.js';
import { Publish } from './publish.js';
import { namesOr } from './publishing-words.js';

interface PublicationCardProps {
  readonly publication: Publication;
  readonly mayChange: boolean;
}

/** One published list: who gets what of it, on which terms, and what members say of it. */
export function PublicationCard({ publication, mayChange }: PublicationCardProps) {
  const { list, terms, reason, grades, jurisdictions, doubts, by, since } = publication;
  const mayReadOpinions = useScope('members:write');
  const [opened, setOpened] = useState(false);
  const who = useWho();
  return (
    <li className="space-y-3 rounded-xl border border-line bg-surface p-4 shadow-card">
      <h3 className="break-all font-semibold">{list}</h3>
      <Facts
        facts={[
          ['Grades', namesOr(grades, 'all')],
          ['Members in', namesOr(jurisdictions, 'all places')],
          ['Terms', terms],
          ['Why', reason],
          ['Looked at', `by a person from ${counted(doubts, 'member')} on that refute an entry`],
          ['Since', `${dateAndTime(since)}, by ${who(by)}`],
        ]}
      />
      {mayReadOpinions && (
        <Disclosure summary="What members fed back" open={opened} onToggle={setOpened}>
          {opened && <OpinionsOfMembers list={list} />}
        </Disclosure>
      )}
      {mayChange && (
        <div className="flex flex-wrap gap-2">
          <Publish publication={publication} />
          <ActButton
            label="Publish it no longer"
            subject={list}
            title={`Publish ${list} no longer?`}
            description="Members get nothing more of it from now on. What they have already stays with them."
            reason="needed"
            hint="Kept in the record of events."
            confirm="Publish it no longer"
            confirmLook="danger"
            keep="Keep publishing it"
            act={(why) => unpublishList(list, why)}
            onDone={refreshPublishing}
          />
        </div>
      )}
    </li>
  );
}
