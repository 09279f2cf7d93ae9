import { Command, CommanderError } from 'commander';
import { VERSION } from '../engine.js';
import { VigieError } from '../errors.js';
import { benchCommand } from './commands/bench.js';
import { compareCommand } from './commands/compare.js';
import { completionCommand } from './commands/completion.js';
import { doctorCommand } from './commands/doctor.js';
import { hashCommand } from './commands/hash.js';
import { keyCommand } from './commands/key.js';
import { linkCommand } from './commands/link.js';
import { listCommand } from './commands/list.js';
import { scanCommand } from './commands/scan.js';
import { serveCommand } from './commands/serve.js';
import { endCommand, endReason, isReaderGone, ReaderGone } from './interrupt.js';
import { clearStatus, colourErr, remark } from './output.js';

const EXIT_USAGE = 2;
const EXIT_FAILED = 1;

/** Builds the tree of commands. */
export function program(): Command {
  const root = new Command('vigie')
    .description('Recognises known child sexual abuse material by its fingerprints, the moment it is shared publicly.')
    .version(VERSION)
    .showHelpAfterError('Add --help for the options.')
    .configureOutput({ outputError: (text, write) => write(colourErr.red(text)) })
    .addHelpText(
      'after',
      `
Start here:
  vigie serve                              the service and its page, on 127.0.0.1
  vigie list import hotline.csv            load a hash list into the running service
  vigie scan --list hotline.csv photo.jpg  one verdict, without a service
  vigie doctor                             what holds on this machine, and what does not`,
    );
  for (const command of [
    serveCommand(),
    scanCommand(),
    hashCommand(),
    compareCommand(),
    listCommand(),
    keyCommand(),
    linkCommand(),
    doctorCommand(),
    benchCommand(),
    completionCommand(program),
  ]) {
    root.addCommand(command);
  }
  return root;
}

/** Runs one command line. Exit codes: those of the command; 1 failed, 2 not understood, 130 and 143 interrupted. */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', (error) => {
    if (isReaderGone(error)) endCommand(new ReaderGone());
  });
  // Nobody is left who could be told.
  process.stderr.on('error', () => undefined);
  const root = program();
  for (const child of root.commands) inherit(child, root);
  root.exitOverride();
  try {
    await root.parseAsync(argv);
  } catch (error) {
    process.exitCode = tell(error);
  } finally {
    clearStatus();
    // A standard input that never ends must not keep a command that has.
    if (process.stdin.readableFlowing !== null) process.stdin.destroy();
  }
}

function inherit(command: Command, from: Command): void {
  command.copyInheritedSettings(from).exitOverride();
  for (const child of command.commands) inherit(child, command);
}

/** Says what went wrong, in one or two lines. @returns the exit code; a command may have set its own for a failure */
function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  clearStatus();
  const own = Number(process.exitCode ?? 0);
  const end = error instanceof ReaderGone ? error : endReason();
  if (end !== undefined) return end instanceof ReaderGone ? own : end.exitCode;
  const known = VigieError.from(error);
  remark(`${colourErr.red(`vigie: ${known.message}`)} [${known.code}]`);
  if (known.code !== 'internal') remark(known.remedy);
  else if (error instanceof Error) remark(colourErr.dim(error.stack ?? error.message));
  return known.code === 'usage' ? EXIT_USAGE : own || EXIT_FAILED;
}
