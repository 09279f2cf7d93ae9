import { expect, test } from 'vitest';
import { draftFaults, readDraft } from './proposal-draft.js';

const form = (fields: Readonly<Record<string, string>>): FormData => {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
};

test('sends what was filled in and nothing else', () => {
  const typed = form({ list: 'own', reason: ' seen ', type: 'md5', value: 'ab', grade: '', until: '' });
  const signals = [{ type: 'md5', value: 'ab' }];
  expect(readDraft(typed, 'hash')).toEqual({
    list: 'own',
    draft: { act: 'add', entry: { signals }, reason: 'seen' },
  });
  expect(readDraft(typed, 'medium').draft).toEqual({ act: 'add', entry: {}, reason: 'seen' });
  expect(readDraft(typed, 'lift-approval').draft).toEqual({ act: 'lift-approval', reason: 'seen' });
});

test('ends an entry with the day that was named', () => {
  const { until } = readDraft(form({ list: 'own', reason: 'x', until: '2027-03-31' }), 'medium').draft;
  expect(new Date(until ?? '').getDate()).toBe(31);
});

test('asks for what each basis needs', () => {
  const named = { list: 'own', reason: 'seen' };
  expect(draftFaults(form(named), 'medium', true)).toEqual({});
  expect(Object.keys(draftFaults(form(named), 'medium', false))).toEqual(['file']);
  expect(Object.keys(draftFaults(form(named), 'hash', false))).toEqual(['value']);
  expect(Object.keys(draftFaults(form({ ...named, medium: 'x' }), 'verdict', false))).toEqual(['verdict', 'medium']);
  expect(Object.keys(draftFaults(form(named), 'restore', false))).toEqual(['entry']);
  expect(Object.keys(draftFaults(form({}), 'lift-approval', false))).toEqual(['list', 'reason']);
});
