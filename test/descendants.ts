import { readFileSync } from 'node:fs';
import { childrenOf } from '../src/media/children-of.js';

/** Processes that a process has started, and those that they have, by their ids and names. What is gone is none. */
export function descendants(pid: number): { readonly pid: number; readonly name: string }[] {
  return childrenOf(pid).flatMap((child) => {
    try {
      const name = readFileSync(`/proc/${child}/comm`, 'utf8').trim();
      return [{ pid: child, name }, ...descendants(child)];
    } catch {
      return [];
    }
  });
}
