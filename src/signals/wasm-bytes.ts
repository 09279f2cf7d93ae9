/** The bytes of a WebAssembly module that a build step wrote as base64; works in Node, in workers and in browsers. */
export function wasmBytes(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
