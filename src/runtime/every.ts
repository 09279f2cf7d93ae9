/**
 * Does something again and again, with a pause after each time, until it is stopped.
 *
 * @param pause milliseconds between the end of one time and the beginning of the next
 * @param failed told when a time has failed; the next one is tried all the same
 * @returns the function that stops it and waits for a time that is under way
 */
export function every(pause: number, act: () => Promise<unknown>, failed: (error: unknown) => void) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  const next = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = act().then(() => undefined, failed);
      void running.then(next);
    }, pause);
    timer.unref();
  };
  next();
  return async (): Promise<void> => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}
