import { z } from 'zod';
import { SIGNAL_TYPE_NAMES } from '../signals/signal-type.js';
import { URL_ENTRY_KINDS } from '../signals/url/url-entry.js';
import { type ConditionKind, oneOf, type Values } from './condition.js';
import type { Finding } from './context.js';

type MediumFinding = Extract<Finding, { kind: 'medium' }>;

export interface DistanceRange {
  readonly from: number;
  readonly to: number;
}

const mediumOf = (finding: Finding): MediumFinding | undefined => (finding.kind === 'medium' ? finding : undefined);
const folded = (text: string): string => text.trim().toLowerCase();
const word = (most: number) =>
  z.union([z.string(), z.number().transform(String)]).refine((text) => folded(text) !== '' && text.length <= most, {
    message: `not a word of 1 to ${most} characters`,
  });

const distance: ConditionKind<DistanceRange, Finding> = {
  schema: z
    .union(
      [
        z.literal(0).transform(() => ({ from: 0, to: 0 })),
        z
          .string()
          .regex(/^\d{1,10}-\d{1,10}$/)
          .transform((text) => {
            const [from = 0, to = 0] = text.split('-').map(Number);
            return { from, to };
          })
          .refine(({ from, to }) => from <= to, {
            message: 'the range is upside down: the smaller number comes first',
          }),
      ],
      { error: 'write 0, or a range such as 0-16' },
    )
    .describe('`0`, or a range such as `0-16`: differing bits of PDQ hashes, or the metric of PhotoDNA'),
  holds: ({ from, to }, finding) => {
    const far = mediumOf(finding)?.distance ?? null;
    return far !== null && from <= far && far <= to;
  },
  covers: (wide, narrow) => wide.from <= narrow.from && narrow.to <= wide.to,
  print: ({ from, to }) => (to === 0 ? 0 : `${from}-${to}`),
  found: (finding) => String(mediumOf(finding)?.distance ?? 'none'),
};

const grade: ConditionKind<'any' | 'none' | readonly string[], Finding> = {
  schema: z
    .union([
      z.enum(['any', 'none']),
      word(64).transform((one) => [folded(one)]),
      z
        .array(
          word(64).refine((each) => !['any', 'none'].includes(folded(each)), {
            message: '`any` and `none` stand alone',
          }),
        )
        .min(1)
        .max(200)
        .transform((all) => [...new Set(all.map(folded))].sort()),
    ])
    .describe('`any`: the entry has a grade; `none`: it has none; or the grades, in the words of the list'),
  holds: (wanted, { grade: has }) => {
    if (wanted === 'none') return has === null;
    return has !== null && (wanted === 'any' || wanted.includes(folded(has)));
  },
  covers: (wide, narrow) => {
    if (wide === 'none' || narrow === 'none') return wide === narrow;
    return wide === 'any' || (narrow !== 'any' && narrow.every((each) => wide.includes(each)));
  },
  print: (wanted) => (typeof wanted !== 'string' && wanted.length === 1 ? wanted[0] : wanted),
  found: ({ grade: has }) => has ?? 'none',
};

const VIEW_PARTS = ['as-is', 'turned', 'negative', 'part'] as const;

/** A view such as `trimmed+flipY` is a part of the picture that was turned. */
function partsOf(view: string): readonly (typeof VIEW_PARTS)[number][] {
  return view.split('+').map((part) => {
    if (part === 'as-is' || part === 'negative') return part;
    return /^(stored|over-black|opaque|trimmed)/.test(part) ? 'part' : 'turned';
  });
}

const view: ConditionKind<readonly (typeof VIEW_PARTS)[number][], Finding> = {
  ...oneOf(
    z.enum(VIEW_PARTS),
    () => null,
    'The ways of looking at the medium that are allowed; all that were needed must be among them',
  ),
  holds: (allowed, finding) => {
    const medium = mediumOf(finding);
    return medium !== undefined && partsOf(medium.view).every((part) => allowed.includes(part));
  },
  found: (finding) => mediumOf(finding)?.view ?? 'none',
};

/** What a rule can ask of one thing that was found. */
export const FINDING_CONDITIONS = {
  found: oneOf(
    z.enum(['medium', 'link', 'keyword']),
    ({ kind }: Finding) => kind,
    'What was found; when left out, a medium or a link. A keyword is for people alone',
  ),
  list: oneOf(
    z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, { message: 'no name of a list' }),
    (finding: Finding) => finding.list,
    'Names of lists',
  ),
  grade,
  signal: oneOf(z.enum(SIGNAL_TYPE_NAMES), (finding: Finding) => mediumOf(finding)?.signal ?? null, 'Types of signals'),
  distance,
  view,
  extent: oneOf(
    z.enum(['full', 'partial']),
    (finding: Finding) => mediumOf(finding)?.extent ?? null,
    '`partial`: a smaller overlap of videos, which always goes before a person',
  ),
  across: oneOf(
    z.enum(['same-kind', 'frame-of-video', 'picture-in-video']),
    (finding: Finding) => mediumOf(finding)?.across ?? null,
    'What of which was found',
  ),
  link: oneOf(
    z.enum(URL_ENTRY_KINDS),
    (finding: Finding) => (finding.kind === 'link' ? finding.link : null),
    '`exact`: this page; `prefix`: all below it; `host`: all of a host',
  ),
};

export type FindingValues = Values<typeof FINDING_CONDITIONS>;

/** Conditions that only a medium fulfils. */
export const OF_MEDIA = [
  'signal',
  'distance',
  'view',
  'extent',
  'across',
] as const satisfies readonly (keyof FindingValues)[];
