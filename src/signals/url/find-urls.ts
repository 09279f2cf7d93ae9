/** Where something that may be a web address stands in a text, in UTF-16 units. */
export interface FoundUrl {
  readonly url: string;
  readonly from: number;
  readonly to: number;
}

/** What ends an address wherever it stands: white space, controls, and what no address is written with. */
const RUN = /[^\s\p{Cc}<>"“”„«»‹›]+/gu;
const SCHEME = /(?:https?|hxxps?):/giu;
/** What names of hosts are written with, dots in all their forms among it; or an IPv6 address. */
const HOST = /[\p{L}\p{N}\p{M}_%\u00AD\u200B-\u200D\u2060.。．｡-]+|\[[0-9a-f:.]{2,45}\]/giu;
const INNER_DOT = /[^.。．｡-][.。．｡]+[^.。．｡-]|^\[/u;
/** What follows a host when it is an address and more: a port, a path, a query. */
const TAIL = /(?::\d{1,5}(?!\d))?(?:[/\\?#]\S*)?/uy;
/** Addresses within addresses of one run that are read to its end; what follows is read up to the next one. */
const NESTED = 8;
const LEADING = /^[.。．｡-]*/u;
/** What stands after an address in a sentence and does not belong to it. */
const TRAILING = /[.,!?;:'"’”…*_~\p{Pf}\p{Pi}\p{Ps}]$/u;
/** The same with every bracket. */
const HARD_TRAILING = /[.,!?;:'"’”…*_~\p{Pf}\p{Pi}\p{Ps}\p{Pe}]/u;
const PAIRS: Readonly<Record<string, string>> = {
  ')': '(',
  ']': '[',
  '）': '（',
  '】': '【',
  '》': '《',
  '」': '「',
  '』': '『',
};
/** The first sign that scripts without spaces divide sentences with. */
const STOP = /[。．｡，、；：！？（）【】《》「」『』…]/u;
const NOT_ASCII = /[^\x21-\x7e]/u;

/**
 * Everything in a text that may be a web address, with and without a scheme. It finds more than a person would: what is
 * no address is on no list. Where it is not certain where one begins or ends, as in scripts without spaces, each way of
 * reading it comes once. Takes time in proportion to the length of the text.
 */
export function* findUrls(text: string): Generator<FoundUrl> {
  if (!/[.。．｡:]/u.test(text)) return;
  for (const run of text.matchAll(RUN)) yield* inRun(run[0], run.index);
}

function* inRun(run: string, offset: number): Generator<FoundUrl> {
  const schemes = [...run.matchAll(SCHEME)].map(({ index }) => index);
  const [first = run.length] = schemes;
  yield* bareIn(run.slice(0, first), offset);
  for (const [i, start] of schemes.entries()) {
    // Archives and redirects have another address in theirs, and careless people leave out the space: both are read.
    const next = schemes[i + 1];
    if (next !== undefined) yield* readings(run.slice(start, next), offset + start, false);
    if (next === undefined || i < NESTED) yield* readings(run.slice(start), offset + start, false);
  }
}

function* bareIn(part: string, offset: number): Generator<FoundUrl> {
  HOST.lastIndex = 0;
  for (let found = HOST.exec(part); found !== null; found = HOST.exec(part)) {
    if (!INNER_DOT.test(found[0])) continue;
    TAIL.lastIndex = HOST.lastIndex;
    const tail = TAIL.exec(part)?.[0] ?? '';
    const next = HOST.lastIndex + tail.length;
    yield* readings(found[0] + tail, offset + found.index, true);
    HOST.lastIndex = next;
  }
}

/** The ways in which a piece of text may be meant, each once. */
function* readings(piece: string, offset: number, bare: boolean): Generator<FoundUrl> {
  const told = new Set<string>();
  const starts = bare ? beginnings(piece) : [0];
  for (const start of starts) {
    const rest = piece.slice(start);
    for (const end of endings(rest)) {
      const url = rest.slice(0, end);
      if (url === '' || told.has(url)) continue;
      told.add(url);
      yield { url, from: offset + start, to: offset + start + end };
    }
  }
}

/** Words may stand right before a name that is written in other letters, and the end of a sentence. */
function beginnings(piece: string): number[] {
  const [host = ''] = piece.split(/[/\\?#:]/, 1);
  const first = LEADING.exec(host)?.[0].length ?? 0;
  for (let i = host.length - 1; i > first; i--) {
    if (host.charCodeAt(i - 1) > 0x7e) return [first, i + (LEADING.exec(host.slice(i))?.[0].length ?? 0)];
  }
  return [first];
}

function endings(rest: string): number[] {
  const ends = [trimmed(rest), trimmedHard(rest)];
  for (const sign of [STOP, NOT_ASCII]) {
    const at = rest.search(sign);
    if (at > 0) ends.push(trimmed(rest.slice(0, at)));
  }
  return ends;
}

/** The length without what a sentence puts behind an address; a bracket stays when the address has opened it. */
function trimmed(piece: string): number {
  let end = piece.length;
  const open = new Map<string, number>();
  for (const character of piece) open.set(character, (open.get(character) ?? 0) + 1);
  while (end > 0) {
    const last = piece.slice(end - 1, end);
    const opening = PAIRS[last];
    const unopened = opening !== undefined && (open.get(last) ?? 0) > (open.get(opening) ?? 0);
    if (!unopened && !TRAILING.test(last)) break;
    open.set(last, (open.get(last) ?? 0) - 1);
    end--;
  }
  return end;
}

/** The length without any of that, whatever was opened. */
function trimmedHard(piece: string): number {
  let end = piece.length;
  while (end > 0 && HARD_TRAILING.test(piece.slice(end - 1, end))) end--;
  return end;
}
