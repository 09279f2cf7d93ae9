import type { ServiceStatus } from '../../api/types.js';
import { bytes, counted } from '../../lib/in-words.js';
import { Facts } from '../../ui/facts.js';

export function ServiceFacts({ status }: { readonly status: ServiceStatus }) {
  const { version, engine, index, lists, decoders, principal } = status;
  return (
    <Facts
      facts={[
        ['Version', version],
        ['Engine', engine],
        ['Index', `${counted(index.entries, 'entry', 'entries')} of ${counted(lists, 'list')}`],
        ['Segments', `${index.segments}, ${bytes(index.bytes)} of memory`],
        ['Decoders', counted(decoders.processes, 'process', 'processes')],
        ['Formats', decoders.formats.join(', ')],
        ['Signed in', principal.name],
      ]}
    />
  );
}
