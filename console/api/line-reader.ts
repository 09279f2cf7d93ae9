/** Takes the lines that are complete out of a text that grows, each of them once. */
export class LineReader<T> {
  #read = 0;

  take(text: string): T[] {
    const end = text.lastIndexOf('\n') + 1;
    const lines = text.slice(this.#read, end).split('\n');
    this.#read = Math.max(this.#read, end);
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as T);
  }
}
