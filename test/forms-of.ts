/** The ways in which a value may be written down, for tests that look for it where it must not be. */
export function formsOf(value: Uint8Array | string): readonly string[] {
  const bytes = Buffer.from(value as Uint8Array);
  const hex = bytes.toString('hex');
  const base64 = bytes.toString('base64');
  // Without the last characters, which depend on what follows in a longer text.
  const stem = base64.slice(0, Math.floor(bytes.length / 3) * 4);
  const forms = [hex, hex.toUpperCase(), stem, stem.replaceAll('+', '-').replaceAll('/', '_')];
  return typeof value === 'string' ? [value, value.toUpperCase(), encodeURIComponent(value), ...forms] : forms;
}
