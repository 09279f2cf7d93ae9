import { Command, CommanderError } from 'commander';
import { VERSION } from '../engine.js';
import { VigieError } from '../errors.js';
import { endCommand, endReason, isReaderGone, ReaderGone } from './interrupt.js';
import { clearStatus, colourErr, remark } from './output.js';

const EXIT_USAGE = 2;
const EXIT_FAILED = 1;

/** Every command, in the order of the help. Each is loaded only when it is needed: starting is most of what a command costs. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.js')).serveCommand(),
  worker: async () => (await import('./commands/worker.js')).workerCommand(),
  scan: async () => (await import('./commands/scan.js')).scanCommand(),
  hash: async () => (await import('./commands/hash.js')).hashCommand(),
  compare: async () => (await import('./commands/compare.js')).compareCommand(),
  list: async () => (await import('./commands/list.js')).listCommand(),
  entry: async () => (await import('./commands/entry.js')).entryCommand(),
  verdict: async () => (await import('./commands/verdict.js')).verdictCommand(),
  member: async () => (await import('./commands/member.js')).memberCommand(),
  publish: async () => (await import('./commands/publish.js')).publishCommand(),
  source: async () => (await import('./commands/source.js')).sourceCommand(),
  platform: async () => (await import('./commands/platform.js')).platformCommand(),
  action: async () => (await import('./commands/action.js')).actionCommand(),
  case: async () => (await import('./commands/case.js')).caseCommand(),
  stop: async () => (await import('./commands/stop.js')).stopCommand(),
  exempt: async () => (await import('./commands/exempt.js')).exemptCommand(),
  policy: async () => (await import('./commands/policy.js')).policyCommand(),
  key: async () => (await import('./commands/key.js')).keyCommand(),
  retro: async () => (await import('./commands/retro.js')).retroCommand(),
  attention: async () => (await import('./commands/attention.js')).attentionCommand(),
  webhook: async () => (await import('./commands/webhook.js')).webhookCommand(),
  effects: async () => (await import('./commands/effects.js')).effectsCommand(),
  audit: async () => (await import('./commands/audit.js')).auditCommand(),
  link: async () => (await import('./commands/link.js')).linkCommand(),
  backup: async () => (await import('./commands/backup.js')).backupCommand(),
  restore: async () => (await import('./commands/restore.js')).restoreCommand(),
  private: async () => (await import('./commands/private.js')).privateCommand(),
  doctor: async () => (await import('./commands/doctor.js')).doctorCommand(),
  bench: async () => (await import('./commands/bench.js')).benchCommand(),
  completion: async () => (await import('./commands/completion.js')).completionCommand(() => program()),
};

/** Builds the tree of commands. @param only the one command that is wanted, when it is known; all of them otherwise */
async function program(only?: string): Promise<Command> {
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
  const wanted = only !== undefined && Object.hasOwn(COMMANDS, only) ? [only] : Object.keys(COMMANDS);
  for (const name of wanted) root.addCommand(await (COMMANDS[name] as () => Promise<Command>)());
  return root;
}

/** Runs one command line. Exit codes: those of the command; 1 failed, 2 not understood, 130 and 143 interrupted. */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', (error) => {
    if (isReaderGone(error)) endCommand(new ReaderGone());
  });
  // Nobody is left who could be told.
  process.stderr.on('error', () => undefined);
  const root = await program(argv[2]);
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
  // What is wrong with a command says all; that something is, is plain.
  const what = known.code === 'usage' ? (known.detail ?? known.message) : known.message;
  remark(`${colourErr.red(`vigie: ${what}`)} [${known.code}]`);
  if (known.code !== 'internal') remark(known.remedy);
  else if (error instanceof Error) remark(colourErr.dim(error.stack ?? error.message));
  return known.code === 'usage' ? EXIT_USAGE : own || EXIT_FAILED;
}
