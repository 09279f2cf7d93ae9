// A decoder process that does what its medium tells it to, for the tests of the pool and of the sandbox.
import { spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { MessageReader, writeMessage } from '../frames.js';

const channel = new Socket({ fd: 3, readable: true, writable: true });
const nothing = Buffer.alloc(0);

function signals(detail: string) {
  const empty = { frames: 0, framesHashed: 0, damaged: false, incomplete: null, frameList: [], ms: {} };
  return { signals: { kind: 'other', format: detail, ...empty } };
}

function attempt(act: () => unknown): string {
  try {
    return JSON.stringify(act()) ?? '';
  } catch (error) {
    return `refused ${(error as { code?: string }).code}`;
  }
}

/** What this process can see and do. It goes out in pieces, as a failure's detail holds little. */
const PROBES: Readonly<Record<string, () => string | Promise<string>>> = {
  environment: () => Object.keys(process.env).join(),
  directory: () => attempt(() => readdirSync('.')),
  file: () => attempt(() => writeFileSync('made-by-a-decoder', 'x')),
  elsewhere: () => attempt(() => writeFileSync('/tmp/made-by-a-decoder', 'x')),
  user: () => `${process.getuid?.()} ${process.getgid?.()} ${process.getgroups?.().join()}`,
  interfaces: () => Object.keys(networkInterfaces()).join(),
  descriptors: () =>
    readdirSync('/proc/self/fd')
      .map((fd) => attempt(() => readlinkSync(`/proc/self/fd/${fd}`)))
      .filter((target) => !/refused|anon_inode|\/dev\/null|pipe:|\/proc\//.test(target))
      .map((target) => target.replace(/\d+/g, ''))
      .join(),
  connect: () =>
    new Promise((resolve) => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.once('connect', () => resolve('connected'));
      socket.once('error', (error) => resolve(`refused ${(error as { code?: string }).code}`));
    }),
  raise: () => `${spawnSync('/bin/sh', ['-c', 'exit 7']).status}`,
};

let port = '0';

function hang(): void {
  const forever = Number.POSITIVE_INFINITY;
  for (let i = 0; i < forever; i++) Math.random();
}

async function obey(order: string): Promise<void> {
  const [word = '', argument = ''] = order.split(' ');
  port = argument;
  const probe = PROBES[word];
  if (probe !== undefined) {
    const detail = (await probe()).replace(/[^\x20-\x7e]/g, '').slice(0, 120);
    writeMessage(channel, { failure: { code: 'media-damaged', detail } }, nothing);
    return;
  }
  switch (word) {
    case 'hang':
      hang();
      return;
    case 'sleep':
      return;
    case 'eat': {
      const eaten: Buffer[] = [];
      for (;;) {
        eaten.push(Buffer.alloc(16 * 2 ** 20, 1));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    case 'gorge': {
      // All at once, faster than anybody watches.
      const eaten: unknown[] = [];
      for (;;) eaten.push(Array.from({ length: 1_000_000 }, (_, i) => ({ i })));
    }
    case 'die':
      process.kill(process.pid, 'SIGSEGV');
      return;
    case 'exit':
      return process.exit(0);
    case 'invent':
      writeMessage(channel, { failure: { code: 'no-such-code', detail: 'x' } }, nothing);
      return;
    case 'babble':
      channel.write(Buffer.alloc(64, 0xff));
      return;
    case 'short':
      writeMessage(
        channel,
        { signals: { ...signals('x').signals, frameList: [{ frame: 0, area: 'full', quality: 1 }] } },
        nothing,
      );
      return;
    default:
      writeMessage(channel, signals(word), nothing);
  }
}

const reader = new MessageReader(2 ** 20, (_, payload) => {
  obey(payload.toString('latin1')).catch(() => process.exit(1));
});
channel.on('data', (chunk) => reader.push(chunk));
channel.on('end', () => channel.destroy());
writeMessage(channel, { ready: true }, nothing);
