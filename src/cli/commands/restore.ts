import { Command, Option } from 'commander';
import { interrupted } from '../interrupt.js';
import { dataOption, segmentsOption } from '../options.js';
import { clearStatus, remark, showStatus } from '../output.js';

interface Flags {
  readonly data: string;
  readonly databaseUrl?: string;
  readonly segments?: string;
  readonly keys?: string;
  readonly allowNoFsync?: true;
}

export function restoreCommand(): Command {
  return new Command('restore')
    .summary('put a backup into an empty data directory')
    .description(
      'Checks all of a backup, then puts it into an empty data directory and an empty database: the embedded one, or a\n' +
        'server, whichever it came from. What is not empty is refused and left as it is. Start the service afterwards.',
    )
    .argument('<backup>', 'the directory that `vigie backup` wrote')
    .addOption(dataOption())
    .addOption(new Option('--database-url <url>', 'an empty PostgreSQL database').env('DATABASE_URL'))
    .addOption(segmentsOption())
    .addOption(new Option('--keys <file>', 'the keys that `vigie backup --keys` wrote; VIGIE_KEY holds them otherwise'))
    .addOption(new Option('--allow-no-fsync', 'as of `vigie serve`').env('VIGIE_ALLOW_NO_FSYNC'))
    .action(async (backup: string, { data, databaseUrl, segments, keys, allowNoFsync }: Flags) => {
      const { restoreBackup } = await import('../../storage/backup/restore-backup.js');
      const manifest = await restoreBackup({
        backup,
        dataDir: data,
        databaseUrl,
        segments,
        keysFile: keys,
        allowNoFsync: allowNoFsync === true,
        signal: interrupted(),
        onProgress: (stage) => showStatus(`Restoring: ${stage}`),
      });
      clearStatus();
      const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
      remark(
        `The backup of ${manifest.createdAt} is in place: ${rows.toLocaleString('en')} rows, ${manifest.files.length} files.`,
      );
    });
}
