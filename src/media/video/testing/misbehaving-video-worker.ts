// A video decoder process that does what its medium tells it to, for the tests of the pool.
import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import { MessageReader, writeMessage } from '../../frames.js';
import type { NumberedAnswer, VideoAnswer, VideoRequest } from '../video-protocol.js';

const channel = new Socket({ fd: 3, readable: true, writable: true });
/** Number of the order in hand. */
let number = 0;
const say = (answer: VideoAnswer, payload: Uint8Array = Buffer.alloc(0), order = number) =>
  writeMessage(channel, { order, answer } satisfies NumberedAnswer, payload);
const end = { end: { seconds: 9, framesHashed: 1, damaged: false, incomplete: null, ms: {} } };
const start = { format: 'mp4', codec: 'h264', width: 8, height: 8, rotation: 0, seconds: 9, frames: 9 };

function sample(areas: number, payloads = areas): void {
  const list = Array.from({ length: areas }, () => ({ area: 'full' as const, quality: 99 }));
  say({ sample: { pass: 'whole', frame: 0, seconds: 0, areas: list } }, Buffer.alloc(payloads * 256));
}

function obey(words: string): void {
  for (const word of words.trim().split(' ')) {
    if (word === 'start') say({ start });
    else if (word === 'sample') sample(1);
    else if (word === 'short') sample(2, 1);
    else if (word === 'die') process.kill(process.pid, 'SIGSEGV');
    else if (word === 'babble') channel.write(Buffer.alloc(64, 0xff));
    else if (word === 'eat') setInterval(() => eaten.push(Buffer.alloc(16 * 2 ** 20, 1)), 1);
    else if (word === 'end') say(end);
    else if (word === 'other') say(end, Buffer.alloc(0), number - 1);
    else if (word === 'late') late = true;
    else if (word === 'twice') {
      // In one write: what comes later may come when the process has the next video in hand.
      channel.cork();
      say(end);
      say(end);
      channel.uncork();
    }
  }
}

const eaten: Buffer[] = [];
/** Whether it has something to say of this video when the next one begins. */
let late = false;
const reader = new MessageReader(0, (head) => {
  const request = head as VideoRequest;
  if ('begin' in request) {
    if (late) {
      sample(1);
      say(end);
    }
    late = false;
    ({ number } = request.begin);
  }
  if (!('grown' in request) || !request.complete) return;
  const text = Buffer.alloc(request.grown);
  readSync(4, text, 0, text.length, 0);
  obey(text.toString('latin1'));
});
channel.on('data', (chunk) => reader.push(chunk));
channel.on('end', () => process.exit());
say({ ready: true });
