import { FAULTS, type Fault, type Reply } from './fault-server.js';

/** An answer that is changed as JSON. */
export function jsonChanged(change: (page: Record<string, unknown>) => unknown): Fault {
  return {
    change: (reply: Reply) => {
      if (reply.status !== 200) return reply;
      return { ...reply, body: JSON.stringify(change(JSON.parse(String(reply.body)) as Record<string, unknown>)) };
    },
  };
}

/** What goes wrong with any exchange that speaks JSON, and what it must be told as. */
export const JSON_FAULTS: readonly (readonly [Fault, string])[] = [
  [FAULTS.html, 'source-malformed'],
  [FAULTS.htmlUnnamed, 'source-malformed'],
  [FAULTS.moved, 'source-malformed'],
  [FAULTS.forbidden, 'source-refused'],
  [FAULTS.tooMany, 'source-unreachable'],
  [FAULTS.broken, 'source-unreachable'],
  ['break', 'source-unreachable'],
  [{ cutTo: 40, honest: true }, 'source-malformed'],
  [{ cutTo: 40, honest: false }, 'source-unreachable'],
  [{ cutTo: 0, honest: true }, 'source-malformed'],
  [{ change: (reply: Reply) => ({ ...reply, body: Buffer.from([0x22, 0xff, 0x22]) }) }, 'source-malformed'],
  [jsonChanged(() => []), 'source-malformed'],
  [jsonChanged(() => ({})), 'source-malformed'],
];
