/** JSON as Python's `json.dumps` writes it, down to the byte: clients compare, sign and cache what they get. */

/** A number that Python holds as a float: `1` is written `1.0`. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export interface PythonJsonOptions {
  /** Sort the keys of objects by code point, as Flask does. True when left out. */
  readonly sortKeys?: boolean;
  /** Spaces a level; everything on one line when left out. */
  readonly indent?: number;
}

/** @param value what JSON can hold, and `PythonFloat` */
export function pythonJson(value: unknown, { sortKeys = true, indent }: PythonJsonOptions = {}): string {
  return write(value, { sortKeys, indent }, '');
}

function write(value: unknown, options: { sortKeys: boolean; indent: number | undefined }, margin: string): string {
  if (value instanceof PythonFloat) return float(value.value);
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return text(value);
  if (typeof value !== 'object') return String(value);
  const { indent, sortKeys } = options;
  const inner = indent === undefined ? '' : `\n${margin}${' '.repeat(indent)}`;
  const outer = indent === undefined ? '' : `\n${margin}`;
  const deeper = margin + ' '.repeat(indent ?? 0);
  const join = (parts: readonly string[], [open, close]: readonly [string, string]) =>
    parts.length === 0 ? open + close : `${open}${inner}${parts.join(`,${inner}`)}${outer}${close}`;
  if (Array.isArray(value)) {
    return join(
      value.map((each) => write(each, options, deeper)),
      ['[', ']'],
    );
  }
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  if (sortKeys) entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const colon = indent === undefined ? ':' : ': ';
  return join(
    entries.map(([key, each]) => `${text(key)}${colon}${write(each, options, deeper)}`),
    ['{', '}'],
  );
}

/** Python escapes everything that is not ASCII, and DEL not. */
function text(value: string): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** For the shares and ratios that are written here the shortest form is the same in both languages. */
function float(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
