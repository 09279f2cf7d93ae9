import { VigieError } from '../../errors.js';

/** A homeserver says no. What it says in words may hold anything, and is not kept. */
export class MatrixRefusal extends Error {
  readonly status: number;
  /** Such as `M_FORBIDDEN`. */
  readonly errcode: string;

  constructor(status: number, errcode: string) {
    const known = /^[A-Z][A-Z0-9_.]{0,59}$/.test(errcode) ? errcode : 'M_UNKNOWN';
    super(`${status} ${known}`);
    this.status = status;
    this.errcode = known;
  }
}

/** Whether a homeserver says that there is no such thing, or none that we are shown. */
export function isNotFound(error: unknown): boolean {
  return error instanceof MatrixRefusal && error.errcode === 'M_NOT_FOUND';
}

export function isForbidden(error: unknown): boolean {
  return error instanceof MatrixRefusal && error.errcode === 'M_FORBIDDEN';
}

/** What a refusal means for an act; anything else is left as it is. */
export function actError(error: unknown): unknown {
  if (!(error instanceof MatrixRefusal)) return error;
  const detail = error.errcode;
  return new VigieError(detail === 'M_UNRECOGNIZED' ? 'act-unsupported' : 'act-refused', { detail });
}
