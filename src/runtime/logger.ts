/**
 * The one way of making a logger. A log outlives what it tells of and is read by more people than may see a list, so
 * only fields that are named here reach it, each in a form that cannot hold a fingerprint, an account, a key or an
 * address; of errors it takes the code, the place and the names of the causes. Everything else is left out and counted.
 */
import { type DestinationStream, type Level, type Logger, pino, stdTimeFunctions } from 'pino';
import { VigieError } from '../errors.js';

export type LogLevel = Level | 'silent';

/** The fields of a log line beside time, level, process and message, and the kind of value that each may have. */
const FIELDS: Readonly<Record<string, (value: unknown) => unknown>> = {
  err: errorOf,
  cause: errorOf,
  /** Places of a stack. */
  at: placesOf,
  /** Id of the request, told to the client too. */
  reqId: wordOf,
  /** What was done, of the few things that are always logged. */
  act: wordOf,
  /** Id of a principal. */
  by: wordOf,
  list: listNameOf,
  node: wordOf,
  kind: wordOf,
  state: wordOf,
  /** Code of an error. */
  code: wordOf,
  /** What something is about, such as `node:…`. */
  subject: subjectOf,
  due: timeOf,
  /** Ids of rows of our own: random. */
  id: wordOf,
  event: wordOf,
  attention: wordOf,
  effect: wordOf,
  status: numberOf,
  statusCode: numberOf,
  ms: numberOf,
  responseTime: numberOf,
  count: numberOf,
  attempt: numberOf,
  seq: numberOf,
  bytes: numberOf,
};

/**
 * @param destination where the lines go; standard error when left out. Lines are written at once, so that none is lost
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        bindings: ({ pid, ...rest }) => ({ pid, ...fieldsOf(rest) }),
      },
      hooks: {
        logMethod(args, method) {
          const [first, second] = args as readonly unknown[];
          const text = typeof first === 'string' ? first : second;
          const fields = typeof first === 'string' ? {} : fieldsOf(first instanceof Error ? { err: first } : first);
          method.apply(this, [fields, typeof text === 'string' ? withoutSecrets(text) : '']);
        },
      },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
  // What a child carries passes no hook. Children are made from their parents, so this holds for theirs too.
  const child = logger.child as unknown as Child;
  const safeChild: Child = function (bindings, options) {
    return child.call(this, fieldsOf(bindings), options);
  };
  logger.child = safeChild as unknown as Logger['child'];
  return logger;
}

/** Pino's own type follows levels of the user's own, which there are none of. */
type Child = (this: Logger, bindings: object, options?: object) => Logger;

function fieldsOf(given: unknown): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  let left = 0;
  for (const [name, value] of Object.entries(given ?? {})) {
    const form = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    const formed = form?.(value);
    if (formed === undefined) left++;
    else fields[name] = formed;
  }
  return left === 0 ? fields : { ...fields, leftOut: left };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

const WORD = /^[\w.-]{1,64}$/;

/** Our own ids are 16 characters; a run as long as a hash is none of ours. */
function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && WORD.test(value) ? withoutSecrets(value) : undefined;
}

/** A list may be called anything; a part that is as long as a hash is none of a name. */
function listNameOf(value: unknown): string | undefined {
  const name = typeof value === 'string' && /^[a-z0-9._-]{1,64}$/.test(value) ? value : undefined;
  return name?.split(/[._-]/).every((part) => part.length < 16) ? name : undefined;
}

/** What is about nothing that may be named is told as `kind:…`. */
function subjectOf(value: unknown): string | undefined {
  const [, kind, name] = typeof value === 'string' ? (/^([a-z-]{1,32})(?::(.*))?$/s.exec(value) ?? []) : [];
  if (kind === undefined || name === undefined) return wordOf(kind);
  return `${kind}:${listNameOf(name) ?? wordOf(name) ?? '…'}`;
}

function timeOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/.test(value) ? value : undefined;
}

const DEEPEST_CAUSE = 5;

function errorOf(thrown: unknown, depth = 0): unknown {
  if (!(thrown instanceof Error)) return thrown === undefined ? undefined : { name: typeof thrown };
  const { code, sqlState, cause } = thrown as Error & { code?: unknown; sqlState?: unknown };
  return {
    name: wordOf(thrown.name) ?? 'Error',
    ...(typeof code === 'string' && { code: wordOf(code) }),
    ...(typeof sqlState === 'string' && { sqlState: wordOf(sqlState) }),
    // Only ours are known to hold nothing that must not be here.
    ...(thrown instanceof VigieError && { message: withoutSecrets(thrown.message) }),
    ...(depth === 0 && { stack: framesOf(thrown) }),
    ...(cause !== undefined && depth < DEEPEST_CAUSE && { cause: errorOf(cause, depth + 1) }),
  };
}

const FRAME = /^\s+at \S.*(?::\d+:\d+\)?|<anonymous>\)?|native\)?)$/;
const MOST_FRAMES = 20;

function placesOf(value: unknown): readonly string[] | undefined {
  const lines = Array.isArray(value) ? value.map(String) : [];
  return lines.filter((line) => FRAME.test(` ${line}`)).slice(0, MOST_FRAMES);
}

/** The places of a stack without the message before them, which may itself have lines that look like places. */
function framesOf({ stack = '', message }: Error): string {
  const end = message === '' ? 0 : stack.indexOf(message) + message.length;
  const lines = stack.slice(Math.max(0, end)).split('\n');
  return lines
    .filter((line) => FRAME.test(line))
    .slice(0, MOST_FRAMES)
    .map((line) => line.trim())
    .join('\n');
}

/** Long words of ours: codes of errors, names with dashes. Base64 and hexadecimal digits are hardly ever only such letters. */
const PLAIN = /^(?:[a-z_-]+|[A-Z_]+)$/;

/** A sentence without addresses, paths, quoted values and what is as long as a hash or a key. */
function withoutSecrets(text: string): string {
  return text
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/\S+/gi, '<address>')
    .replace(/"[^"]*"?/g, '"…"')
    .replace(/(^|[\s:(='])\/\S*/g, '$1<path>')
    .replace(/[A-Za-z0-9+/_=-]{20,}/g, (run) => (PLAIN.test(run) ? run : '…'))
    .slice(0, 500);
}
