import { z } from 'zod';
import { filePath, settleSeconds, WatchedFile } from './file.js';
import { fileUrl, type WebCredentials, WebFile, webCredentials } from './https.js';
import { FILE_FIELDS, type FileReading } from './list-file.js';
import type { SourceKind } from './source.js';

const settings = z
  .object({
    url: fileUrl.optional().describe('Where the file is fetched from; or give a path.'),
    path: filePath.optional().describe('Where something else puts the file on this machine; or give an address.'),
    ...FILE_FIELDS,
    map: FILE_FIELDS.map
      .unwrap()
      .describe(
        'The agreement says what the columns are called: each with the field of ours that it is, such as {"Hash": "md5", ' +
          '"Category": "grade", "Type": "kind"}. Empty for VICS, and where they are called as ours.',
      ),
    grades: z
      .record(z.string().min(1).max(64), z.string().min(1).max(64))
      .default({})
      .describe('Their words for the grades A, B and C, where the file does not say these, such as {"1": "A"}.'),
    take: z
      .enum(['photographic', 'non-photographic', 'all'])
      .default('photographic')
      .describe(
        'What this list is of. Drawings and generated images are not unlawful everywhere: give them their own.',
      ),
    field: z
      .enum(['kind', 'grade', 'comment'])
      .default('kind')
      .describe('The field of ours that says whether an image is photographic.'),
    nonPhotographic: z
      .array(z.string().min(1).max(200))
      .max(100)
      .describe('What that field says of one that is not, in whatever case; none when the file holds no such images.'),
    settleSeconds,
  })
  .strict()
  .refine(({ url, path }) => (url === undefined) !== (path === undefined), 'an address or a path')
  .refine(({ take, nonPhotographic }) => take !== 'non-photographic' || nonPhotographic.length > 0, {
    path: ['nonPhotographic'],
    message: 'which images are not photographic',
  });

type Settings = z.output<typeof settings>;

const GRADES = ['A', 'B', 'C'] as const;
/** How the grades are written in reports and exports. */
const WRITTEN = GRADES.flatMap((grade) =>
  ['', 'category ', 'cat ', 'cat. ', 'grade '].map((word) => [`${word}${grade}`, grade] as const),
);

/**
 * The hash list of the Internet Watch Foundation. Its format is part of the licence and not public, so what the columns
 * are called is declared; everything else is known: two updates a day, grades A to C, and images that are no photographs.
 */
export const iwf: SourceKind<Settings, WebCredentials> = {
  kind: 'iwf',
  title: 'IWF hash list',
  description:
    'The hash list of the Internet Watch Foundation for its members, as a file with the columns of your licence.',
  settings,
  credentials: webCredentials,
  everySeconds: 12 * 3_600,
  staleSeconds: 48 * 3_600,
  open: ({ url, path, settleSeconds: settle, ...said }, credentials, house) => {
    const reading = readingOf(said);
    if (path !== undefined) return new WatchedFile(path, settle, reading, house);
    return new WebFile(url ?? '', reading, credentials, house);
  },
};

function readingOf({
  format,
  type,
  map,
  maxBytes,
  ...said
}: Omit<Settings, 'url' | 'path' | 'settleSeconds'>): FileReading {
  const { take, field, nonPhotographic: values } = said;
  const grades = { ...Object.fromEntries(WRITTEN), ...said.grades };
  const only = take === 'all' || values.length === 0 ? undefined : { field, values, without: take === 'photographic' };
  return { format, type, map, maxBytes, grades, ...(only === undefined ? {} : { only }) };
}
