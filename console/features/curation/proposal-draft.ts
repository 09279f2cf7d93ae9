import type { ProposalDraft } from '../../api/curation.js';

/** What a proposal is made of. */
export type Basis = 'medium' | 'hash' | 'verdict' | 'restore' | 'lift-approval';

export type FieldFaults = Readonly<
  Partial<Record<'list' | 'file' | 'value' | 'verdict' | 'medium' | 'entry' | 'reason', string>>
>;

const NEEDED = 'This is needed.';

const text = (form: FormData, name: string): string => String(form.get(name) ?? '').trim();

/** What is missing, by field; the service says the rest. */
export function draftFaults(form: FormData, basis: Basis, hasFile: boolean): FieldFaults {
  const lacks = (name: string): boolean => text(form, name) === '';
  return {
    ...(lacks('list') && { list: NEEDED }),
    ...(lacks('reason') && { reason: NEEDED }),
    ...(basis === 'medium' && !hasFile && { file: 'Choose the picture or clip.' }),
    ...(basis === 'hash' && lacks('value') && { value: NEEDED }),
    ...(basis === 'verdict' && lacks('verdict') && { verdict: NEEDED }),
    ...(basis === 'verdict' && !/^\d{1,4}$/.test(text(form, 'medium')) && { medium: 'A number, from 0.' }),
    ...(basis === 'restore' && lacks('entry') && { entry: NEEDED }),
  };
}

/** @returns the draft as the service takes it; only what was filled in */
export function readDraft(form: FormData, basis: Basis): { readonly list: string; readonly draft: ProposalDraft } {
  const list = text(form, 'list');
  const reason = text(form, 'reason');
  if (basis === 'lift-approval') return { list, draft: { act: basis, reason } };
  if (basis === 'restore') return { list, draft: { act: basis, entry: { id: text(form, 'entry') }, reason } };
  const [grade, until] = [text(form, 'grade'), text(form, 'until')];
  const signals = [{ type: text(form, 'type'), value: text(form, 'value') }];
  return {
    list,
    draft: {
      act: 'add',
      entry: { ...(grade !== '' && { grade }), ...(basis === 'hash' && { signals }) },
      reason,
      // The day that is named is still within.
      ...(until !== '' && { until: new Date(`${until}T23:59:59`).toISOString() }),
      ...(basis === 'verdict' && { verdict: text(form, 'verdict'), medium: Number(text(form, 'medium')) }),
    },
  };
}
