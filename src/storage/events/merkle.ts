/**
 * Merkle tree hashes as in RFC 6962, section 2.1, with SHA-256: leaves and nodes are told apart by a first byte, and a
 * tree whose size is no power of two is split at the largest one below.
 */
import { hash } from 'node:crypto';

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** The hash of one leaf. @param content what the leaf stands for */
export function leafHash(content: Uint8Array): Buffer {
  return sha256(LEAF, content);
}

/** Takes leaves one by one, and keeps as many hashes as the tree is high. */
export class MerkleTree {
  /** Complete subtrees, largest first, with the number of their leaves. */
  readonly #subtrees: { readonly hash: Buffer; readonly leaves: number }[] = [];
  #leaves = 0;

  get leaves(): number {
    return this.#leaves;
  }

  add(leaf: Buffer): void {
    let grown = { hash: leaf, leaves: 1 };
    for (let last = this.#subtrees.at(-1); last?.leaves === grown.leaves; last = this.#subtrees.at(-1)) {
      this.#subtrees.pop();
      grown = { hash: sha256(NODE, last.hash, grown.hash), leaves: last.leaves * 2 };
    }
    this.#subtrees.push(grown);
    this.#leaves++;
  }

  /** The root of all leaves so far; the hash of nothing when there is none. */
  root(): Buffer {
    const hashes = this.#subtrees.map((each) => each.hash);
    let root = hashes.pop();
    if (root === undefined) return sha256();
    for (let left = hashes.pop(); left !== undefined; left = hashes.pop()) root = sha256(NODE, left, root);
    return root;
  }
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const [only] = parts;
  return hash('sha256', parts.length === 1 && only !== undefined ? only : Buffer.concat(parts), 'buffer');
}
