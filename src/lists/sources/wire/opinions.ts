import { OPINION_LIMIT, type Opinion } from '../../../index/entry.js';

const MEMBER_LENGTH = 128;

/** Collects what members think of an entry, one opinion a member. */
export class OpinionCounter {
  /** Most entries have no opinion, and there are millions of entries. */
  #byMember: Map<string, { readonly affirmative: boolean; readonly weight: number }> | undefined;

  /**
   * @param weight the larger one counts, such as a time; of equal ones the negative one, since that is the one with a
   * reason
   */
  add(member: string, affirmative: boolean, weight = 0): void {
    if (member === '' || member.length > MEMBER_LENGTH) return;
    const before = this.#byMember?.get(member);
    const counts = before === undefined || weight > before.weight || (weight === before.weight && !affirmative);
    if (!counts) return;
    this.#byMember ??= new Map();
    this.#byMember.set(member, { affirmative, weight });
  }

  /** Negative ones first, so that of more than can be kept none of them is lost before the others; undefined when none. */
  get opinions(): readonly Opinion[] | undefined {
    if (this.#byMember === undefined) return undefined;
    const all = [...this.#byMember].map(([member, { affirmative }]) => ({ member, affirmative }));
    return all.sort((a, b) => Number(a.affirmative) - Number(b.affirmative)).slice(0, OPINION_LIMIT);
  }
}
