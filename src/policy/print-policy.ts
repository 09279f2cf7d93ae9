import { stringify } from 'yaml';
import { printAct } from './acts-of-rule.js';
import { printConditions } from './condition-table.js';
import type { Policy } from './policy.js';

/** Writes a policy as a file that reads back as the same policy. Comments are not kept. */
export function printPolicy({ rules }: Policy): string {
  const plain = rules.map(({ name, note, when, do: acts, next }) => ({
    name,
    ...(note === undefined ? {} : { note }),
    when: printConditions(when),
    do: acts.length === 0 ? 'nothing' : acts.map(printAct),
    // biome-ignore lint/suspicious/noThenProperty: the word of the file, and nothing awaits it
    ...(next === 'continue' && { then: next }),
  }));
  return stringify({ policy: 1, rules: plain }, { lineWidth: 120 });
}
