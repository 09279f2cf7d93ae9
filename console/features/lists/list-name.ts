const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const PACKED_OR_NOT = /(\.(csv|tsv|txt|jsonl|ndjson|json|vics|gz))+$/;

/** Whether the service takes this as the name of a list. */
export const isListName = (text: string): boolean => NAME.test(text);

/** A list name made of a file name; empty when there is nothing in it to make one of. */
export function listNameFrom(fileName: string): string {
  return fileName
    .toLowerCase()
    .replace(PACKED_OR_NOT, '')
    .normalize('NFKD')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64)
    .replace(/[-._]+$/, '');
}
