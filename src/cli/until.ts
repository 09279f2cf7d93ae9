import { InvalidArgumentError } from 'commander';

/** A date such as 2027-03-31 ends with that day, in UTC. */
export function endOfDay(text: string): string {
  const day = /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0];
  const date = new Date(text === day ? `${day}T23:59:59.999Z` : text);
  // The 30th of February would be taken for a day in March: what ends then ends when it says.
  const real = day !== undefined && !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
  if (!real || Number.isNaN(date.getTime())) throw new InvalidArgumentError('Give a date such as 2027-03-31.');
  return date.toISOString();
}
