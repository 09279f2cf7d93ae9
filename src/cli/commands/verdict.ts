import { Command, Option } from 'commander';
import { VigieError } from '../../errors.js';
import { interrupted } from '../interrupt.js';
import { dataOption, reasonOption } from '../options.js';
import { remark } from '../output.js';
import { withService } from '../with-service.js';

interface JudgedAnswer {
  readonly disputed: boolean;
  readonly feedback: keyof typeof FEEDBACK;
  readonly derived: { readonly state: string; readonly proposal: string | null; readonly reason: string | null };
}

interface Flags {
  readonly data: string;
  readonly match: string;
  readonly reason: string;
}

/** What becomes of it at the source. */
const FEEDBACK = {
  queued: 'Its source is told.',
  known: 'Its source was told so before.',
  'not-taken': 'Its source takes no feedback.',
  'no-source': 'Its list has no source that could be told.',
  'entry-gone': 'The entry is not on its list any more, so its source is not told.',
} as const;

export function verdictCommand(): Command {
  const command = new Command('verdict')
    .summary('what people say of a match: confirm, refute')
    .description('It goes back to where the entry came from; a refuted entry is noted as disputed.');
  for (const { verb, opinion, summary } of [
    { verb: 'confirm', opinion: 'confirmed', summary: 'the match is what its entry says' },
    { verb: 'refute', opinion: 'refuted', summary: 'the match is not what its entry says' },
  ]) {
    command
      .command(verb)
      .summary(summary)
      .argument('<id>', 'of the verdict: `verdict.id` of an item, `scan` of a scan')
      .addOption(new Option('--match <list/entry>', 'the match, as the verdict names it').makeOptionMandatory())
      .addOption(reasonOption())
      .addOption(dataOption())
      .action(async (id: string, { data, match, reason }: Flags) => {
        const cut = match.indexOf('/');
        if (cut < 1)
          throw new VigieError('usage', { detail: '--match names a list and an entry, such as hotline/e17' });
        const json = { list: match.slice(0, cut), entry: match.slice(cut + 1), opinion, reason };
        await withService(data, async (service) => {
          const path = `/v1/verdicts/${encodeURIComponent(id)}/feedback`;
          const { disputed, feedback, derived } = await service.call<JudgedAnswer>('POST', path, {
            json,
            signal: interrupted(),
          });
          remark(`${match} is ${opinion}. ${FEEDBACK[feedback]}`);
          if (disputed) remark('The entry is noted as disputed; it goes on matching until it is withdrawn.');
          if (derived.state === 'proposed') {
            remark(`Its perceptual hash is proposed for the entry as ${derived.proposal}; somebody else approves it.`);
          }
          if (derived.state === 'not-had') {
            remark(
              `Its perceptual hash was not had (${derived.reason}): \`vigie entry derive\` takes the file itself.`,
            );
          }
        });
      });
  }
  return command;
}
