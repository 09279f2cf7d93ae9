import { z } from 'zod';
import type { ConditionKind } from './condition.js';
import type { Finding, VerdictContext } from './context.js';
import { FINDING_CONDITIONS } from './finding-conditions.js';
import type { Conditions } from './policy.js';
import { VERDICT_CONDITIONS } from './verdict-conditions.js';

/** A condition of a rule with its value, ready to be asked. */
export interface Asked<Subject> {
  readonly name: string;
  readonly wanted: unknown;
  readonly holds: (subject: Subject) => boolean;
  readonly found: (subject: Subject) => string;
}

type Kind<Subject> = ConditionKind<unknown, Subject>;

// Values come from the schemas of the same table, so that each kind is given its own.
const OF_VERDICT = VERDICT_CONDITIONS as unknown as Readonly<Record<string, Kind<VerdictContext>>>;
const OF_FINDING = FINDING_CONDITIONS as unknown as Readonly<Record<string, Kind<Finding>>>;
export const INDEPENDENT = 'independent-signals';
const BY_DEFAULT = { found: ['link', 'medium'] };

const shapeOf = (table: Readonly<Record<string, { readonly schema: z.ZodType }>>) =>
  Object.fromEntries(Object.entries(table).map(([name, { schema }]) => [name, schema.optional()]));

export const conditionsSchema = z
  .object({
    ...shapeOf(OF_VERDICT),
    ...shapeOf(OF_FINDING),
    [INDEPENDENT]: z.number().int().min(2).max(100).optional().describe('Findings that do not follow from each other'),
  })
  .strict() as unknown as z.ZodType<Conditions>;

function asked<Subject>(table: Readonly<Record<string, Kind<Subject>>>, when: Conditions): readonly Asked<Subject>[] {
  return Object.entries(when).flatMap(([name, value]) => {
    const kind = Object.hasOwn(table, name) ? table[name] : undefined;
    if (kind === undefined || value === undefined) return [];
    const holds = (subject: Subject) => kind.holds(value, subject);
    return [{ name, wanted: kind.print(value), holds, found: kind.found }];
  });
}

export function askedOfVerdict(when: Conditions): readonly Asked<VerdictContext>[] {
  return asked(OF_VERDICT, when);
}

/** Empty when a rule asks nothing of what was found. A keyword is found only by a rule that says so. */
export function askedOfFinding(when: Conditions): readonly Asked<Finding>[] {
  return asksOfFinding(when) ? asked(OF_FINDING, { ...BY_DEFAULT, ...when } as Conditions) : [];
}

export function asksOfFinding(when: Conditions): boolean {
  return Object.keys(when).some((name) => Object.hasOwn(OF_FINDING, name) || name === INDEPENDENT);
}

/** As they stand in the file. */
export function printConditions(when: Conditions): Record<string, unknown> {
  const kinds: Readonly<Record<string, { readonly print: (value: unknown) => unknown }>> = {
    ...OF_VERDICT,
    ...OF_FINDING,
  };
  return Object.fromEntries(
    Object.entries(when)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, kinds[name]?.print(value) ?? value]),
  );
}

/** Whether `wide` holds of everything that `narrow` holds of; false when that cannot be told. */
export function coversConditions(wide: Conditions, narrow: Conditions): boolean {
  const filled = (when: Conditions): Readonly<Record<string, unknown>> =>
    asksOfFinding(when) ? { ...BY_DEFAULT, ...when } : { ...when };
  const [all, some] = [filled(wide), filled(narrow)];
  const kinds: Readonly<Record<string, Kind<never>>> = { ...OF_VERDICT, ...OF_FINDING };
  return Object.entries(all).every(([name, value]) => {
    if (value === undefined) return true;
    const other = some[name];
    if (other === undefined) return false;
    return kinds[name]?.covers(value, other) ?? Number(value) <= Number(other);
  });
}
