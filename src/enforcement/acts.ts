/** What can be done on a platform. */
export const ACTS = [
  'remove',
  'hide',
  'restore',
  'restrict-room',
  'close-room',
  'reopen-room',
  'suspend-account',
  'reinstate-account',
  'notify-author',
  'notify-room',
] as const;

export type Act = (typeof ACTS)[number];

/** Which act undoes another, where one does. */
export const UNDONE_BY: { readonly [A in Act]?: Act } = {
  remove: 'restore',
  hide: 'restore',
  'restrict-room': 'reopen-room',
  'close-room': 'reopen-room',
  'suspend-account': 'reinstate-account',
};

/** What an act is aimed at, by the platform's own ids. It is put together at delivery and never stored in clear. */
export interface Target {
  /** The item, as it was handed in. */
  readonly item: string | null;
  readonly room: string | null;
  readonly account: string | null;
  /** What of the platform the connection noted when the item was handed in, such as the URL of an upload. */
  readonly media: readonly { readonly url: string | null; readonly ref: string | null }[];
  /** When the item was shared, as far as it is known. */
  readonly sharedAt: Date | null;
}

/** One act, as the connection to a platform is asked to carry it out. */
export interface Order {
  /** The same at every attempt. */
  readonly id: string;
  readonly act: Act;
  readonly target: Target;
  /** For authors and rooms, in plain words; never says list, entry or distance. Null: nothing is said. */
  readonly message: string | null;
}

/** What a platform confirmed. `already`: it was so before, such as a message that its author had deleted. */
export type Outcome = 'done' | 'already';
