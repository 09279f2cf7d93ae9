/**
 * Aho and Corasick (1975), "Efficient string matching", over UTF-16 units, in flat arrays. Nodes are numbered by depth, the
 * children of one lie side by side in the order of their units: a step is a search among neighbours in memory, and a
 * hundred thousand words take some twenty bytes a letter.
 */
export interface AutomatonArrays {
  /** Child of the root by unit; 0 for none. */
  readonly root: Uint32Array;
  /** The unit that leads to a node. */
  readonly units: Uint16Array;
  /** The first child of a node; one more than there are nodes. */
  readonly children: Uint32Array;
  /** Where to go on when no child fits: the longest end of what was read that begins a word. */
  readonly fails: Uint32Array;
  /** The word that ends at a node, counted from 1; 0 for none. */
  readonly ends: Uint32Array;
  /** The next node on the way of `fails` at which a word ends; 0 for none. */
  readonly shorter: Uint32Array;
}

/** @param words sorted by their units, each once, none empty */
export function buildAutomaton(words: readonly string[]): AutomatonArrays {
  const most = words.reduce((sum, word) => sum + word.length, 1);
  const root = new Uint32Array(65_536);
  const units = new Uint16Array(most);
  const children = new Uint32Array(most + 1);
  const fails = new Uint32Array(most);
  const ends = new Uint32Array(most);
  const shorter = new Uint32Array(most);
  // Of each node of one depth, which words go through it: they are neighbours.
  let from = [0];
  let to = [words.length];
  let node = 0;
  let next = 1;
  for (let depth = 0; from.length > 0; depth++) {
    const deeperFrom: number[] = [];
    const deeperTo: number[] = [];
    for (let i = 0; i < from.length; i++, node++) {
      children[node] = next;
      let at = from[i] as number;
      const end = to[i] as number;
      // The word that ends here is the first of its neighbours.
      if (depth > 0 && words[at]?.length === depth) ends[node] = ++at;
      while (at < end) {
        const unit = (words[at] as string).charCodeAt(depth);
        let behind = at + 1;
        while (behind < end && (words[behind] as string).charCodeAt(depth) === unit) behind++;
        if (depth === 0) root[unit] = next;
        units[next++] = unit;
        deeperFrom.push(at);
        deeperTo.push(behind);
        at = behind;
      }
    }
    from = deeperFrom;
    to = deeperTo;
  }
  children[node] = next;
  const arrays = {
    root,
    units: units.slice(0, next),
    children: children.slice(0, next + 1),
    fails: fails.subarray(0, next),
    ends: ends.slice(0, next),
    shorter: shorter.subarray(0, next),
  };
  linkFails(arrays);
  return { ...arrays, fails: arrays.fails.slice(), shorter: arrays.shorter.slice() };
}

function linkFails({ root, units, children, fails, ends, shorter }: AutomatonArrays): void {
  const nodes = units.length;
  const automaton = { root, units, children, fails, ends, shorter };
  // By depth, so that what a node falls back on is linked before it.
  for (let parent = 0; parent < nodes; parent++) {
    for (let child = children[parent] as number; child < (children[parent + 1] as number); child++) {
      const fail = parent === 0 ? 0 : step(automaton, fails[parent] as number, units[child] as number);
      fails[child] = fail;
      shorter[child] = ends[fail] !== 0 ? fail : (shorter[fail] as number);
    }
  }
}

/** Where a unit leads from a node. */
export function step({ root, units, children, fails }: AutomatonArrays, node: number, unit: number): number {
  for (let at = node; at !== 0; at = fails[at] as number) {
    let low = children[at] as number;
    let high = children[at + 1] as number;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((units[middle] as number) < unit) low = middle + 1;
      else high = middle;
    }
    if (low < (children[at + 1] as number) && units[low] === unit) return low;
  }
  return root[unit] as number;
}

/** Tells every occurrence of every word: the word counted from 0, and the place right behind it. */
export function findWords(automaton: AutomatonArrays, text: string, told: (word: number, end: number) => void): void {
  const { root, units, children, fails, ends, shorter } = automaton;
  let node = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    for (;;) {
      if (node === 0) {
        node = root[unit] as number;
        break;
      }
      let low = children[node] as number;
      const last = children[node + 1] as number;
      let high = last;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((units[middle] as number) < unit) low = middle + 1;
        else high = middle;
      }
      if (low < last && units[low] === unit) {
        node = low;
        break;
      }
      node = fails[node] as number;
    }
    if (ends[node] !== 0) told((ends[node] as number) - 1, i + 1);
    for (let at = shorter[node] as number; at !== 0; at = shorter[at] as number) told((ends[at] as number) - 1, i + 1);
  }
}
