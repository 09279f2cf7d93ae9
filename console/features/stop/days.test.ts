import { expect, it } from 'vitest';
import { dayAhead, endOfDay } from './days.js';

it('counts days by the calendar, over months, years and changes of the clock', () => {
  const at = (text: string) => new Date(`${text}T23:30:00`);
  expect(dayAhead(0, at('2026-03-01'))).toBe('2026-03-01');
  expect(dayAhead(30, at('2026-12-15'))).toBe('2027-01-14');
  for (let days = 1; days < 366; days++) {
    const day = dayAhead(days, at('2026-01-01'));
    expect(new Date(endOfDay(day) ?? '').getTime()).toBe(new Date(`${day}T23:59:59`).getTime());
  }
});

it('takes nothing that is no day', () => {
  for (const text of ['', 'tomorrow', '2026-02-30', '2026-2-3', '20260203']) expect(endOfDay(text)).toBeUndefined();
});
