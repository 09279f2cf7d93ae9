/** What became of records, in words, by the reasons of an import report. */
const WORDS: Readonly<Record<string, string>> = {
  'malformed-record': 'The record cannot be read',
  'invalid-utf8': 'Not valid UTF-8',
  'too-long': 'Longer than a record may be',
  'id-too-long': 'The id is too long',
  'no-signal': 'No hash in the record',
  'no-usable-signal': 'No hash in the record that can be used',
  'malformed-signal': 'A hash is malformed',
  'all-zero': 'A hash is all zeros',
  'empty-file': 'A hash is that of an empty file',
  'low-quality': 'PDQ of low quality',
  'duplicate-id': 'The id came before',
  'duplicate-signals': 'The same hashes came before',
  'field-unreadable': 'A field could not be read and was left empty',
  'comment-shortened': 'The comment was shortened',
};

/** A reason that this page does not know yet is shown as the service calls it. */
export const reasonInWords = (reason: string): string => WORDS[reason] ?? reason;
