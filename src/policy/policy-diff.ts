import type { Policy, Rule } from './policy.js';
import { printPolicy } from './print-policy.js';

/** What one policy says otherwise than another, by the names of rules. */
export interface PolicyDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Both have it, and not with the same words. */
  readonly changed: readonly { readonly rule: string; readonly before: string; readonly after: string }[];
  /** The rules that both have are asked in another order. */
  readonly reordered: boolean;
}

/** Compares rule by rule; comments and the way of writing do not count. */
export function comparePolicies(before: Policy, after: Policy): PolicyDiff {
  const [was, is] = [before, after].map(({ rules }) => new Map(rules.map((rule) => [rule.name, printed(rule)])));
  if (was === undefined || is === undefined) return { added: [], removed: [], changed: [], reordered: false };
  const both = [...was.keys()].filter((name) => is.has(name));
  const bothNow = [...is.keys()].filter((name) => was.has(name));
  return {
    added: [...is.keys()].filter((name) => !was.has(name)),
    removed: [...was.keys()].filter((name) => !is.has(name)),
    changed: both.flatMap((rule) => {
      const [old = '', now = ''] = [was.get(rule), is.get(rule)];
      return old === now ? [] : [{ rule, before: old, after: now }];
    }),
    reordered: both.join('\n') !== bothNow.join('\n'),
  };
}

function printed(rule: Rule): string {
  return printPolicy({ rules: [rule] })
    .split('\n')
    .slice(2)
    .join('\n')
    .trimEnd();
}
