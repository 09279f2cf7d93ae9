import { useQuery } from '@tanstack/react-query';
import { disputeEntry, restoreEntry, withdrawEntry } from '../../api/client.js';
import { propose, type ShownEntry, withdrawDerived } from '../../api/curation.js';
import { listsQuery, refreshEntries } from '../../api/queries.js';
import { ActButton } from '../acts/act-button.js';

interface EntryActsProps {
  readonly list: string;
  readonly shown: ShownEntry;
  /** It was proposed that the entry matches again: nothing more to see until somebody else says so. */
  readonly onProposed: () => void;
}

/** Withdrawing takes one person; that it matches again takes two in a list that wants two. */
export function EntryActs({ list, shown: { id, status, statuses, signals }, onProposed }: EntryActsProps) {
  const { data: lists = [] } = useQuery(listsQuery);
  const byTwo = lists.find(({ name }) => name === list)?.approval === 'two-person';
  const silent = status === 'withdrawn' || status === 'inactive';
  const doubted = statuses.some((each) => each.status === 'disputed');
  const common = { subject: `${id} of ${list}`, reason: 'needed', onDone: refreshEntries } as const;
  return (
    <>
      {signals.some(({ derived }) => derived) && (
        <ActButton
          {...common}
          label="Take back what was made here"
          title="Take back the fingerprints that were made here?"
          description="What the source gives stays and goes on matching."
          confirm="Take them back"
          act={(reason) => withdrawDerived(list, id, reason)}
        />
      )}
      {!silent && !doubted && (
        <ActButton
          {...common}
          label="Doubt it"
          title="Note a doubt about this entry?"
          description="It goes on matching until somebody withdraws it."
          confirm="Note the doubt"
          act={(reason) => disputeEntry(list, id, reason)}
        />
      )}
      {(silent || doubted) && (
        <ActButton
          {...common}
          label={silent ? 'Let it match again' : 'Settle the doubt'}
          title={silent ? 'Let this entry match again?' : 'Settle the doubt about this entry?'}
          description={
            silent && byTwo
              ? 'The list wants two persons: it is proposed, and somebody else approves it.'
              : 'It matches for every picture and every caller.'
          }
          confirm={silent && byTwo ? 'Propose it' : 'Restore it'}
          act={async (reason) => {
            if (silent && byTwo) await propose(list, { act: 'restore', entry: { id }, reason });
            else await restoreEntry(list, id, reason);
          }}
          onDone={async () => {
            await refreshEntries();
            if (silent && byTwo) onProposed();
          }}
        />
      )}
      {!silent && (
        <ActButton
          {...common}
          label="Withdraw it"
          title="Withdraw this entry?"
          description="It stops matching at once, for every picture and every caller. It can be restored."
          confirm="Withdraw the entry"
          confirmLook="danger"
          keep="Keep it"
          act={(reason) => withdrawEntry(list, id, reason)}
        />
      )}
    </>
  );
}
