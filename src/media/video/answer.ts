/** Something that is asked for now and given later. */
export class Answer<T> {
  readonly given: Promise<T>;
  #resolve: (value: T) => void = () => undefined;

  constructor() {
    this.given = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  give(value: T): void {
    this.#resolve(value);
  }
}
