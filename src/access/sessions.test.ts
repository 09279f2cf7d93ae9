import { describe, expect, it } from 'vitest';
import { Sessions } from './sessions.js';

describe('Sessions', () => {
  it('opens one session a link', () => {
    const sessions = new Sessions();
    const link = sessions.createLink();
    const secret = sessions.open(link);
    expect(sessions.find(secret)?.kind).toBe('person');
    expect(() => sessions.open(link)).toThrow(expect.objectContaining({ code: 'link-used' }));
  });

  it('knows neither foreign links nor foreign sessions', () => {
    const sessions = new Sessions();
    expect(() => sessions.open('x'.repeat(32))).toThrow(expect.objectContaining({ code: 'link-used' }));
    expect(sessions.find('y'.repeat(32))).toBeUndefined();
  });

  it('lets links end after a quarter of an hour and sessions after twelve', () => {
    let now = 0;
    const sessions = new Sessions(() => now);
    const late = sessions.createLink();
    const secret = sessions.open(sessions.createLink());
    now += 15 * 60_000 + 1;
    expect(() => sessions.open(late)).toThrow();
    expect(sessions.find(secret)).toBeDefined();
    now += 12 * 3_600_000;
    expect(sessions.find(secret)).toBeUndefined();
  });
});
