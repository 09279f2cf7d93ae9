import type { SignalTypeName } from '../signals/signal-type.js';
import { ExactTable } from './exact/exact-table.js';
import { LiveRows } from './live-rows.js';
import { PdqTable } from './pdq/pdq-table.js';
import { PhotoDnaTable } from './photodna/photodna-table.js';
import type { Postings } from './postings.js';
import type { ResidentLayout } from './resident-layout.js';
import { EXACT_TYPES, type ExactTypeName } from './signal-widths.js';

/** The searchable part of a segment, as it lies in memory. */
export class Resident {
  readonly memory: WebAssembly.Memory;
  readonly layout: ResidentLayout;
  readonly live: LiveRows;
  readonly exact: Readonly<Partial<Record<ExactTypeName, ExactTable>>>;
  readonly photodna: PhotoDnaTable | undefined;
  readonly pdq: PdqTable | undefined;
  /** Distinct hashes of a small segment, which the live head scans; 32 bytes each. */
  readonly pdqHashes: Uint8Array | undefined;
  readonly postings: Postings | undefined;
  readonly #several: ReadonlySet<SignalTypeName>;

  /** @param fresh true when the content was just read into the memory, false when another thread searches it already */
  constructor(memory: WebAssembly.Memory, layout: ResidentLayout, fresh: boolean) {
    const { buffer } = memory;
    this.memory = memory;
    this.layout = layout;
    this.live = new LiveRows(buffer, layout.live, layout.rows);
    if (fresh) this.live.reset();
    this.exact = Object.fromEntries(
      EXACT_TYPES.flatMap((type) => {
        const part = layout.exact[type];
        return part ? [[type, ExactTable.attach(buffer, part)]] : [];
      }),
    );
    const { pdq } = layout;
    if (pdq) {
      this.postings = {
        first: new Uint32Array(buffer, pdq.first, pdq.distinct),
        more: new Uint32Array(buffer, pdq.more, pdq.moreLength),
      };
      if (pdq.hashes !== undefined) this.pdqHashes = new Uint8Array(buffer, pdq.hashes, pdq.distinct * 32);
      if (pdq.table) this.pdq = PdqTable.attach(memory, pdq.table);
    }
    this.photodna = layout.photodna && PhotoDnaTable.attach(memory, layout.photodna, fresh);
    this.#several = new Set(layout.several);
  }

  /** Whether one entry may turn up more than once in a search by this type. */
  several(type: SignalTypeName): boolean {
    return this.#several.has(type);
  }

  detach(): void {
    this.photodna?.detach();
  }
}
