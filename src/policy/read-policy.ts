import { type Document, isAlias, isMap, isNode, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { actsSchema } from './acts-of-rule.js';
import { conditionsSchema } from './condition-table.js';
import { contradictionsOf } from './contradictions.js';
import type { Policy } from './policy.js';

/** Something that is wrong with a policy, with its line from 1. */
export interface PolicyProblem {
  readonly line: number;
  readonly text: string;
}

export type ReadPolicy =
  | { readonly policy: Policy; readonly problems: readonly [] }
  | { readonly policy: undefined; readonly problems: readonly PolicyProblem[] };

type Path = readonly PropertyKey[];

export const MOST_POLICY_CHARS = 256 * 1024;
const MOST_RULES = 200;
const MOST_PROBLEMS = 50;

const ruleSchema = z
  .object({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { message: 'a name is 1 to 64 of a-z, 0-9 and dash' }),
    note: z.string().min(1).max(2_000).optional(),
    when: conditionsSchema,
    do: actsSchema,
    // biome-ignore lint/suspicious/noThenProperty: the word of the file, which nothing awaits
    then: z.enum(['stop', 'continue']).default('stop'),
  })
  .strict();

const policySchema = z.object({ policy: z.literal(1), rules: z.array(ruleSchema).min(1).max(MOST_RULES) }).strict();

/**
 * Reads a policy from its YAML (1.2, without aliases and tags of its own). All problems are told, not only the first.
 * @param source at most `MOST_POLICY_CHARS`
 */
export function readPolicy(source: string): ReadPolicy {
  if (source.length > MOST_POLICY_CHARS) {
    return failed([{ line: 1, text: `longer than ${MOST_POLICY_CHARS.toLocaleString('en')} characters` }]);
  }
  const counter = new LineCounter();
  const document = parseDocument(source, { lineCounter: counter, version: '1.2', prettyErrors: false });
  const lineAt = (offset: number): number => Math.max(1, counter.linePos(offset).line);
  const broken = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    line: lineAt(pos[0]),
    text: message,
  }));
  visit(document, {
    Alias: (_, { range }) => void broken.push({ line: lineAt(range?.[0] ?? 0), text: 'aliases (*…) are not allowed' }),
  });
  if (broken.length > 0) return failed(broken);
  const lineOf = (path: Path): number => lineAt(offsetOf(document, path));
  const read = policySchema.safeParse(document.toJS());
  if (!read.success) return failed(read.error.issues.flatMap((issue) => problemsOf(issue, lineOf, document)));
  const rules = read.data.rules.map((rule, i) => withLine(rule, lineOf(['rules', i])));
  const policy: Policy = { rules };
  const wrong = contradictionsOf(policy).map(({ rule, path, text }) => {
    const where = path.filter((part) => typeof part === 'string').join('.');
    return {
      line: lineOf(['rules', rule, ...path]),
      text: `rule "${rules[rule]?.name}": ${where === '' ? '' : `${where}: `}${text}`,
    };
  });
  return wrong.length > 0 ? failed(wrong) : { policy, problems: [] };
}

/** The problems as a compiler would say them: `policy.yaml:12: …`. */
export function problemLines(problems: readonly PolicyProblem[], file = 'policy.yaml'): string {
  return problems.map(({ line, text }) => `${file}:${line}: ${text}`).join('\n');
}

function failed(problems: readonly PolicyProblem[]): ReadPolicy {
  const inOrder = [...problems].sort((a, b) => a.line - b.line).slice(0, MOST_PROBLEMS);
  return { policy: undefined, problems: inOrder };
}

function withLine({ note, then: next, ...rule }: z.output<typeof ruleSchema>, line: number): Policy['rules'][number] {
  return { ...rule, next, ...(note === undefined ? {} : { note }), line };
}

function problemsOf(issue: z.core.$ZodIssue, lineOf: (path: Path) => number, document: Document): PolicyProblem[] {
  const { path, code, message } = issue;
  if (code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      line: lineOf([...path, key]),
      text: `${labelled(path, document)}there is no \`${key}\``,
    }));
  }
  // Of the forms that something may have, the one that came nearest is the one that was meant.
  const nearest = code === 'invalid_union' ? nearestOf(issue) : undefined;
  if (nearest !== undefined) {
    return nearest.flatMap((each) => problemsOf({ ...each, path: [...path, ...each.path] }, lineOf, document));
  }
  return [{ line: lineOf(path), text: `${labelled(path, document)}${message}` }];
}

/** @returns the issues of the form that was meant, or that says best what is allowed; undefined when the union says it */
function nearestOf({ errors, message }: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const meant = errors.find((issues) => issues.length > 0 && !issues.some(isWrongForm));
  if (meant !== undefined) return meant;
  if (message !== 'Invalid input') return undefined;
  return errors.find((issues) => issues.some(({ code }) => code === 'invalid_value')) ?? errors[0];
}

function isWrongForm(issue: z.core.$ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') return issue.errors.every((issues) => issues.some(isWrongForm));
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

/** `rule "near": when.distance: ` */
function labelled(path: Path, document: Document): string {
  const [first, index, ...rest] = path;
  const below = (first === 'rules' && index !== undefined ? rest : path).filter((part) => typeof part === 'string');
  const name = first === 'rules' && typeof index === 'number' ? document.getIn(['rules', index, 'name']) : undefined;
  const rule =
    first !== 'rules' || index === undefined
      ? ''
      : `rule ${typeof name === 'string' ? JSON.stringify(name) : Number(index) + 1}: `;
  return `${rule}${below.length > 0 ? `${below.join('.')}: ` : ''}`;
}

/** Where something stands, or the nearest thing around it that is there. */
function offsetOf(document: Document, path: Path): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) return offset;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = isNode(pair.value) ? pair.value : null;
    } else {
      const next: unknown = node !== null && 'items' in node ? node.items[Number(part)] : undefined;
      if (!isNode(next) || isAlias(next)) return offset;
      node = next;
      offset = next.range?.[0] ?? offset;
    }
  }
  return offset;
}
