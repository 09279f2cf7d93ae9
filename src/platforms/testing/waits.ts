/** Those who wait for something to be so; looked at again at each change. */
export class Waits {
  #waiting: { readonly until: () => boolean; readonly resolve: () => void }[] = [];

  async until(until: () => boolean): Promise<void> {
    if (until()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ until, resolve }));
  }

  changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) {
      if (each.until()) each.resolve();
      else this.#waiting.push(each);
    }
  }
}
