/** Fields of the API and what they are called on the command line, where that is another word. */
const NAMES: Readonly<Record<string, string>> = {
  entry: '<entry>',
  expires: '--expires',
  format: '--format',
  jurisdiction: '--jurisdiction',
  keys: '--keys',
  kind: '--kind',
  legalBasis: '--basis',
  licence: '--licence',
  limit: '--limit',
  map: '--map',
  maxRejected: '--max-rejected',
  name: '<name>',
  note: '--note',
  rate: '--rate',
  reason: '--reason',
  scopes: '--scope',
  source: '--source',
  target: '<dir>',
  terms: '--terms',
  threshold: '--threshold',
  type: '--type',
  types: '--type',
  until: '--until',
  url: '<url>',
  version: '--to',
};

/** What the service says of fields of a request, such as `/legalBasis Too small`, in the words of the command line. */
export function inOptions(detail: string): string {
  return detail.replace(/(^|; )\/([A-Za-z]+)(?=[/ ]|$)/g, (whole, before: string, field: string) =>
    Object.hasOwn(NAMES, field) ? `${before}${NAMES[field]}` : whole,
  );
}
