/** `A, B`; what is said of no restriction is said by whoever shows it. */
export const namesOr = (names: readonly string[] | null, none: string): string =>
  names === null || names.length === 0 ? none : names.join(', ');

/** What was typed between commas; undefined when that is nothing. */
export function namesIn(typed: string): readonly string[] | undefined {
  const names = typed
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.length === 0 ? undefined : [...new Set(names)];
}

/** Where members are, as the service takes it: ISO 3166, such as `GB` or `US-CA`. */
export const placesIn = (typed: string): readonly string[] | undefined => namesIn(typed.toUpperCase());

const PLACE = /^[A-Z]{2}(-[A-Z0-9]{1,3})?$/;

export const placesFault = (typed: string): string | undefined =>
  (placesIn(typed) ?? []).every((place) => PLACE.test(place)) ? undefined : 'Two letters each, such as GB or US-CA.';
