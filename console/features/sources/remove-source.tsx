import { refreshSources } from '../../api/queries.js';
import { removeSource } from '../../api/sources.js';
import type { Source } from '../../api/types.js';
import { ActButton } from '../acts/act-button.js';

/** The source goes with its credentials; its list stays. */
export function RemoveSource({ source: { name, list } }: { readonly source: Source }) {
  return (
    <ActButton
      label="Remove"
      subject={name}
      title={`Remove ${name}?`}
      description={`The source goes with its credentials. ${list === null ? '' : `The list ${list} stays, and is not kept up to date any more.`}`}
      reason="none"
      look="quiet"
      confirm="Remove the source"
      confirmLook="danger"
      keep="Keep it"
      act={() => removeSource(name)}
      onDone={refreshSources}
    />
  );
}
