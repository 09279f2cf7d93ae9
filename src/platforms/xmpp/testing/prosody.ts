import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const PROSODY = '/usr/bin/prosody';
const MODULES = '/usr/lib/prosody/modules';
const OWN_MODULES = join(process.cwd(), 'deploy/prosody');
const TEST_MODULES = join(process.cwd(), 'src/platforms/xmpp/testing/modules');
const START_MS = 20_000;
/** As signing in is done often in tests. */
const FEW_ROUNDS = 500;
/** The fewest that Converse.js puts up with. */
const BROWSER_ROUNDS = 4_096;

/** The domains of a test server: accounts, rooms, rooms whose server moderates as newer ones do, rooms without, uploads. */
export const DOMAIN = 'localhost';
export const ROOMS = 'rooms.localhost';
export const NEWER_ROOMS = 'newer.localhost';
export const PLAIN_ROOMS = 'plain.localhost';
export const UPLOADS = 'upload.localhost';

/** Why no Prosody can run here; undefined when one can. */
export function prosodyMissing(): string | undefined {
  if (!existsSync(PROSODY)) return 'no prosody';
  return existsSync(`${MODULES}/mod_muc_moderation`) ? undefined : 'no prosody-modules';
}

export interface ProsodyOptions {
  /** Clients in a browser can sign in, over a WebSocket. */
  readonly browsers?: boolean;
  /** Where rooms keep what was said; files are written anew as a whole for each message that is taken back. */
  readonly archive?: 'internal' | 'memory';
}

/** A Prosody as Debian ships it, on free ports of the loopback interface, with its data in a folder of its own. */
export class TestProsody {
  readonly folder: string;
  readonly port: number;
  readonly httpPort: number;
  readonly #user: { readonly uid: number; readonly gid: number } | undefined;
  readonly #options: ProsodyOptions;
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(folder: string, port: number, httpPort: number, options: ProsodyOptions) {
    this.folder = folder;
    this.port = port;
    this.httpPort = httpPort;
    this.#options = options;
    this.#user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined;
  }

  /**
   * Starts one.
   * @param accounts names of local accounts; the password of each is its name
   * @param bot the account that may take uploads down and that reports go to
   */
  static async start(accounts: readonly string[], bot: string, options: ProsodyOptions = {}): Promise<TestProsody> {
    for (let attempt = 1; ; attempt++) {
      const [port, httpPort] = await freePorts();
      const prosody = new TestProsody(mkdtempSync(join(tmpdir(), 'vigie-prosody-')), port, httpPort, options);
      prosody.#prepare(accounts, bot);
      try {
        await prosody.up();
        return prosody;
      } catch (error) {
        await prosody.stop();
        // A port that was free a moment ago may be somebody else's by now.
        if (attempt === 3) throw error;
      }
    }
  }

  get address(): string {
    return `xmpp://127.0.0.1:${this.port}`;
  }

  /** What it has said since its start, for a test that fails. */
  get output(): string {
    return this.#output;
  }

  /** Starts it again after `down`. */
  async up(): Promise<void> {
    this.#output = '';
    const child = spawn(PROSODY, ['-F', '--config', join(this.folder, 'prosody.cfg.lua')], {
      ...{ cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] },
      ...(this.#user ?? {}),
    });
    this.#process = child;
    const note = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-400_000);
    };
    child.stdout?.on('data', note);
    child.stderr?.on('data', note);
    const end = Date.now() + START_MS;
    const ready = [`:${this.port}`, `:${this.httpPort}`].map(
      (port) => new RegExp(`Activated service[^\\n]*${port}\\b`),
    );
    while (!ready.every((sign) => sign.test(this.#output))) {
      const taken = this.#output.includes('Failed to open server port');
      if (taken || child.exitCode !== null || Date.now() > end)
        throw new Error(`prosody did not start:\n${this.#output}`);
      await delay(20);
    }
  }

  /** Has the archives of its rooms answer no second page, or answer again. */
  archiveAway(away: boolean): void {
    const mark = join(this.folder, 'data/archive-away');
    if (away) writeFileSync(mark, '');
    else rmSync(mark, { force: true });
  }

  /** Ends it, as a crash does unless told otherwise. */
  async down(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    await this.down('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #prepare(accounts: readonly string[], bot: string): void {
    const { folder } = this;
    const data = join(folder, 'data');
    const stored = join(data, 'localhost/accounts');
    mkdirSync(stored, { recursive: true });
    for (const name of accounts) {
      writeFileSync(
        join(stored, `${name}.dat`),
        hashed(name, this.#options.browsers === true ? BROWSER_ROUNDS : FEW_ROUNDS),
      );
    }
    // Copied, so that a server that is no longer root can read them.
    const own = join(folder, 'modules');
    cpSync(OWN_MODULES, own, { recursive: true });
    cpSync(TEST_MODULES, own, { recursive: true });
    writeFileSync(join(folder, 'prosody.cfg.lua'), this.#config(own, data, bot));
    if (this.#user === undefined) return;
    chmodSync(folder, 0o755);
    execFileSync('chown', ['-R', `${this.#user.uid}:${this.#user.gid}`, folder]);
    chownSync(folder, this.#user.uid, this.#user.gid);
  }

  #config(own: string, data: string, bot: string): string {
    const { archive = 'internal' } = this.#options;
    return `
data_path = "${data}"
pidfile = "${data}/prosody.pid"
plugin_paths = { "${own}" }
log = { { levels = { min = "info" }, to = "console" } }
interfaces = { "127.0.0.1" }
c2s_ports = { ${this.port} }
s2s_ports = { }
http_ports = { ${this.httpPort} }
http_interfaces = { "127.0.0.1" }
https_ports = { }
http_host = "127.0.0.1"
c2s_require_encryption = false
consider_websocket_secure = true
allow_unencrypted_plain_auth = true
authentication = "internal_hashed"
storage = { muc_log = "${archive}"; default = "internal" }
limits = { }
modules_enabled = { "roster"; "saslauth"; "disco"; "ping"; "pep"; "blocklist"; "smacks"; "carbons"; "vigie_reports"${this.#options.browsers === true ? '; "websocket"' : ''} }
modules_disabled = { "s2s"; "tls" }
vigie_reports_to = "${bot}@${DOMAIN}"
max_history_messages = 50

VirtualHost "${DOMAIN}"

Component "${ROOMS}" "muc"
  modules_enabled = { "muc_mam", "muc_moderation", "test_faults" }
  muc_room_default_public = true
  restrict_room_creation = false

Component "${NEWER_ROOMS}" "muc"
  modules_enabled = { "muc_mam", "test_moderation_one" }
  muc_room_default_public = true

Component "${PLAIN_ROOMS}" "muc"
  muc_room_default_public = true

Component "${UPLOADS}" "http_file_share"
  modules_enabled = { "vigie_uploads" }
  vigie_uploads_access = { "${bot}@${DOMAIN}" }
  http_file_share_daily_quota = 1024*1024*1024
`;
  }
}

/** An account as it is stored, for signing in by SCRAM-SHA-1 (RFC 5802). */
function hashed(password: string, rounds: number): string {
  const salted = pbkdf2Sync(password, 'salt', rounds, 20, 'sha1');
  const keyed = (name: string) => createHmac('sha1', salted).update(name).digest();
  const stored = createHash('sha1').update(keyed('Client Key')).digest('hex');
  const fields = [
    `["iteration_count"] = ${rounds}`,
    '["salt"] = "salt"',
    `["stored_key"] = "${stored}"`,
    `["server_key"] = "${keyed('Server Key').toString('hex')}"`,
  ];
  return `return { ${fields.join('; ')} };\n`;
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'prosody']).toString());
}

async function freePorts(): Promise<readonly [number, number]> {
  const servers = await Promise.all(
    [0, 1].map(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [ports[0] ?? 0, ports[1] ?? 0];
}
