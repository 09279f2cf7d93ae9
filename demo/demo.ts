/** `npm run demo`: a public room in a real web client, beside what Vigie sees and removes there. On this machine alone. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { endReason, Interrupted, interrupted } from '../src/cli/interrupt.js';
import { prosodyMissing } from '../src/platforms/xmpp/testing/prosody.js';
import { servePage } from './page-server.js';
import { record } from './record.js';
import { openStage } from './stage.js';

const PORT = 8791;
/** Something that it needs is not installed; as sysexits.h has it. */
const EXIT_UNAVAILABLE = 69;

const { values } = parseArgs({ options: { port: { type: 'string' }, record: { type: 'string' } } });
const tell = (line: string) => void process.stderr.write(`${line}\n`);

const missing = lacking();
if (missing === undefined) await demonstrate();
else {
  tell(`The demonstration needs ${missing.what}. On Debian:\n\n  ${missing.install}\n`);
  process.exitCode = EXIT_UNAVAILABLE;
}

function lacking(): { readonly what: string; readonly install: string } | undefined {
  const install = 'apt-get update && apt-get install -y';
  if (prosodyMissing() !== undefined)
    return { what: 'Prosody and its modules', install: `${install} prosody prosody-modules` };
  if (!existsSync('node_modules/converse.js'))
    return { what: 'Converse.js, which comes with the development packages', install: 'npm ci' };
  return undefined;
}

async function demonstrate(): Promise<void> {
  const ended = interrupted();
  await using stage = await openStage((line) => {
    if (!ended.aborted) tell(`… ${line}`);
  }).catch((error: unknown) => {
    // Ctrl-C ends what is being started, too: that is no failure.
    if (endReason() !== undefined) return undefined;
    throw error;
  });
  if (stage !== undefined && !ended.aborted) {
    await using page = await servePage(stage, values.port === undefined ? PORT : Number(values.port));
    if (values.record !== undefined) return await record(page.address, values.record, tell);
    process.stdout.write(`${page.address}/\n`);
    tell('Open it in a browser. Ctrl-C ends everything and leaves nothing behind.');
    await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }));
  }
  const reason = endReason();
  if (reason instanceof Interrupted) process.exitCode = reason.exitCode;
}
