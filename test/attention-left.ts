import { raiseAttention } from '../src/storage/attention/raise-attention.js';
import { openDatabase } from '../src/storage/database.js';
import { newDataDir } from './service.js';

/** A data directory in which a service of yesterday left two things that need somebody, one of them overdue. */
export async function dataDirWithAttention(): Promise<string> {
  const data = await newDataDir();
  const database = await openDatabase({ dataDir: `${data}/db` }, { allowNoFsync: true, fsync: false });
  await database.transaction(async (tx) => {
    const draft = { kind: 'could-not-tell', cause: 'media-damaged jpeg', subject: 'service' } as const;
    await raiseAttention(tx, { ...draft, detail: { reason: 'media-damaged' }, items: ['let-go-1', 'let-go-2'] });
    await raiseAttention(tx, { kind: 'disk-low', cause: 'elsewhere', subject: 'node:old', dueInMs: -60_000 });
  });
  await database.close();
  return data;
}
