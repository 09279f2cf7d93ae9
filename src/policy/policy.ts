import type { FindingValues } from './finding-conditions.js';
import type { ProposedAct } from './proposal.js';
import type { VerdictValues } from './verdict-conditions.js';

/** All must hold. Those of a finding must hold of one and the same finding. */
export type Conditions = VerdictValues &
  FindingValues & {
    /** So many findings, each fulfilling all conditions of a finding, that do not follow from each other. */
    readonly 'independent-signals'?: number | undefined;
  };

export interface RuleAct {
  readonly act: ProposedAct;
  /** Of a case, from 0 to 100. */
  readonly priority?: number;
  readonly message?: string;
  /** It waits for a person. */
  readonly needsPerson: boolean;
}

export interface Rule {
  readonly name: string;
  /** Why there is such a rule, for people. */
  readonly note?: string;
  readonly when: Conditions;
  /** Empty for a rule that lets things be. */
  readonly do: readonly RuleAct[];
  /** Whether later rules are asked after this one has matched. */
  readonly next: 'stop' | 'continue';
  /** Where it begins in its file, from 1. */
  readonly line: number;
}

/** What is to be done about which verdicts: rules in their order. */
export interface Policy {
  readonly rules: readonly Rule[];
}
