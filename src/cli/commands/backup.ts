import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { BackupProgress } from '../../storage/backup/create-backup.js';
import { resultOf } from '../answer-lines.js';
import { interrupted } from '../interrupt.js';
import { dataOption } from '../options.js';
import { clearStatus, colour, remark, showStatus } from '../output.js';
import { withService } from '../with-service.js';

interface Answer {
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
  readonly missing: number;
  readonly workers: number;
}

export function backupCommand(): Command {
  return new Command('backup')
    .summary('write a backup of everything into an empty directory')
    .description(
      'Writes the database as of one moment and the files that it names into a directory, while the service runs. The\n' +
        'backup is sealed with the key of the installation, which is not part of it: keep the key at another place.',
    )
    .argument('<dir>', 'a directory that is empty or not there yet; the service must be able to write it')
    .addOption(new Option('--keys <file>', 'write the keys into a file too (mode 0600): keep it apart from the backup'))
    .addOption(dataOption())
    .action(async (target: string, { data, keys }: { data: string; keys?: string }) => {
      const json = { target: resolve(target), ...(keys === undefined ? {} : { keys: resolve(keys) }) };
      const { rows, files, bytes, missing, workers } = await withService(data, async (service) => {
        const { body } = await service.request('POST', '/v1/backup', { json, signal: interrupted() });
        return await resultOf<BackupProgress, Answer>(body, ({ stage, done }) => showStatus(`${stage}: ${done}`));
      });
      clearStatus();
      remark(
        `${rows.toLocaleString('en')} rows and ${files.toLocaleString('en')} files, ${bytes.toLocaleString('en')} bytes.`,
      );
      if (workers > 0) {
        remark(
          colour.yellow(
            `! The seen records of ${workers} workers are no part of it: copy \`seen/\` of their data directories.`,
          ),
        );
      }
      if (missing > 0) {
        remark(
          colour.yellow(`! ${missing} segments were missing or damaged before: \`vigie list ls\` tells which lists.`),
        );
        process.exitCode = 1;
      }
    });
}
