import { AsyncLocalStorage } from 'node:async_hooks';

const current = new AsyncLocalStorage<string>();

/** Runs something on behalf of a principal: what it records names that one. @param principal its id */
export function acting<T>(principal: string, act: () => T): T {
  return current.run(principal, act);
}

/** Id of the principal on whose behalf the calling code runs; the service itself when nobody asked. */
export function actingPrincipal(): string {
  return current.getStore() ?? 'service';
}
