/** One node that tries new entries, in a process of its own that a test may kill: it goes on until nothing is left. */
import { openDatabase } from '../../storage/database.js';
import { openRetro } from './open-retro.js';

export interface RetroOrder {
  readonly dataDir: string;
  readonly root: string;
  /** Be killed in the transaction of this find, after its event was written; 0: never. */
  readonly dieAtFind: number;
}

const { dataDir, root, dieAtFind } = JSON.parse(process.argv[2] ?? '') as RetroOrder;
const database = await openDatabase({ dataDir }, { allowNoFsync: true, fsync: false });
let finds = 0;
await using node = await openRetro(database, root, {
  mostHashes: 512,
  threads: 1,
  onTell: () => {
    if (++finds === dieAtFind) process.kill(process.pid, 'SIGKILL');
  },
});
await node.retro.turn();
await node[Symbol.asyncDispose]();
await database.close();
process.send?.('done');
process.disconnect();
