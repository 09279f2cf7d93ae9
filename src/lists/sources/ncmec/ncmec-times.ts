/** Writes a time as NCMEC does, in UTC. @param seconds since 1970 */
export function formatNcmecTime(seconds: number): string {
  return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}Z`;
}

/**
 * Reads a time of NCMEC's, with or without a fraction of a second. One without a zone is UTC, as everything there is.
 * @returns milliseconds since 1970; undefined when it is none
 */
export function parseNcmecTime(text: string | undefined): number | undefined {
  const form = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?)(Z|[+-]\d\d:\d\d)?$/.exec(text ?? '');
  if (form === null) return undefined;
  const time = Date.parse(`${form[1]}${form[2] ?? 'Z'}`);
  return Number.isNaN(time) ? undefined : time;
}
