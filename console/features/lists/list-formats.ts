/** The formats that a list may come in, as the service names them, and what people call them. */
export const LIST_FORMATS = [
  ['auto', 'Found out from the file'],
  ['csv', 'CSV with a header'],
  ['jsonl', 'JSON lines'],
  ['lines', 'Plain values, one a line'],
  ['typed', 'Type and value, one pair a line'],
  ['vics', 'Project VIC / CAID (JSON)'],
] as const;

/** What plain values may be. */
export const VALUE_TYPES = [
  ['', 'Told by their length'],
  ['pdq', 'PDQ'],
  ['sha256', 'SHA-256'],
  ['sha1', 'SHA-1'],
  ['md5', 'MD5'],
  ['photodna', 'PhotoDNA'],
] as const;
