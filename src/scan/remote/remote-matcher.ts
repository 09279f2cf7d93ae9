/** What somebody else says of a hash that nothing here knows. */
export interface RemoteMatch {
  /** In their words, such as `csam`. */
  readonly classification: string;
  /** Byte for byte or by its looks. */
  readonly exact: boolean;
}

/**
 * Somebody else who is asked about pictures that nothing here knows. Whoever asks gives hashes of unknown public media
 * out of the house; so none is ever asked unless a person switched that on.
 */
export interface RemoteMatcher {
  /** What its matches carry in place of a list's name. */
  readonly name: string;
  /**
   * Asks about the frames of one picture. Bounded in time; what goes wrong is told elsewhere and answered with nothing.
   * @param hashes PDQ, 32 bytes each
   * @returns for each hash what they know; undefined when they know nothing, or could not be asked
   * @throws the signal's reason alone
   */
  ask(hashes: readonly Uint8Array[], signal?: AbortSignal): Promise<readonly (RemoteMatch | undefined)[]>;
  close(): Promise<void>;
}
