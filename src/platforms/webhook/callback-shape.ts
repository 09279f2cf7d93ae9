import type { Act } from '../../enforcement/acts.js';

/** What is sent to a platform of one's own. */
export type Callback =
  | { readonly type: 'ping'; readonly data: Readonly<Record<string, never>> }
  | { readonly type: 'order'; readonly data: OrderData };

/** The platform's own ids, as items were handed in; null where it named none. */
export interface OrderData {
  readonly act: Act;
  readonly item: string | null;
  readonly room: string | null;
  readonly account: string | null;
  /** In plain words for the author or the room. */
  readonly message: string | null;
}
