import { refreshSources, sourceKindsQuery } from '../../api/queries.js';
import { addSource, tryOutSource } from '../../api/sources.js';
import { Disclosure } from '../../ui/disclosure.js';
import { TextField } from '../../ui/field.js';
import { AddOfKind } from '../kinds/add-of-kind.js';
import { NAME_FAULT } from '../kinds/kind-form.js';
import { isListName } from '../lists/list-name.js';

/** A new source: its kind says what it needs. */
export function AddSource() {
  return (
    <AddOfKind
      noun="source"
      description="Its list follows what it tells, from the first sync on."
      nameHint="How you will call it."
      query={sourceKindsQuery}
      tryOut={tryOutSource}
      add={async (told, typed) => {
        const list = typed('list');
        await addSource({ ...told, ...(list !== '' && { list }) });
        await refreshSources();
      }}
      more={(faults) => (
        <Disclosure summary="Into a list of another name">
          <TextField
            label="List"
            name="list"
            hint="Made when there is none; named as the source when left empty."
            error={faults['list']}
          />
        </Disclosure>
      )}
      moreFaults={(typed): Record<string, string> =>
        typed('list') === '' || isListName(typed('list')) ? {} : { list: NAME_FAULT }
      }
    />
  );
}
