/** Server programs for tests: each under a shell that ends it when the test process goes away, however it goes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';

/**
 * Starts a server and waits until something comes of a connection to its port.
 * @param command a line of shell
 * @param sign what says that it is up: that it takes connections, or that it speaks first
 */
export async function launchServer(command: string, port: number, sign: 'connect' | 'data'): Promise<ChildProcess> {
  // The shell kills the server when its standard input closes.
  const server = spawn('/bin/sh', ['-c', `${command} & read _; kill -KILL $!; wait`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  for (let attempt = 0; ; attempt++) {
    if (await answers(port, sign)) return server;
    if (attempt === 200) throw new Error(`the server does not start: ${command}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** SIGKILL, and waits until it is gone. */
export async function endServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exited = new Promise((resolve) => server.once('exit', resolve));
  server.stdin?.end();
  await exited;
}

function answers(port: number, sign: 'connect' | 'data'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once(sign, () => resolve(socket.destroy() !== undefined));
    socket.once('error', () => resolve(false));
  });
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
