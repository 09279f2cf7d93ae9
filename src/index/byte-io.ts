/** Random access to the bytes of an immutable file. The index knows no file system and no encryption: storage implements this. */
export interface ByteSource {
  /** Size of the content in bytes. */
  readonly size: number;
  /** Reads exactly `length` bytes at `offset` into `target` (which may lie in shared memory). */
  readInto(offset: number, length: number, target: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Sequential writing of a new immutable file. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}
