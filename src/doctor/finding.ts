/** One thing that was looked at. `limited` works with a shortcoming; `bad` does not work. */
export interface Finding {
  readonly what: string;
  readonly state: 'good' | 'limited' | 'bad';
  readonly found: string;
  readonly remedy?: string;
}
