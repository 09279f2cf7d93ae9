/**
 * Every error that a caller, an operator or a script can meet, in one table. The page docs/errors.md is made from it
 * (`npm run docs`), and a test keeps the two equal.
 *
 * A detail never holds a list entry, a hash, a credential or a platform's account.
 */

interface ErrorKind {
  /** HTTP status when the error leaves through the API; also tells whose fault it is. */
  readonly status: number;
  /** One short sentence: what happened. */
  readonly title: string;
  /** One sentence: what to do about it. */
  readonly remedy: string;
}

const define = <T extends Record<string, ErrorKind>>(table: T): { readonly [K in keyof T]: ErrorKind } => table;

export const ERRORS = define({
  // signals
  'signal-type-unknown': {
    status: 400,
    title: 'There is no such signal type.',
    remedy: 'Use one of md5, sha1, sha256, pdq, photodna, vpdq.',
  },
  'signal-invalid': {
    status: 400,
    title: 'The value is not a signal of its type.',
    remedy: 'Check its length and its alphabet: hexadecimal digits, or base64 where the type allows it.',
  },
  'threshold-invalid': {
    status: 400,
    title: 'The threshold is outside the range of the signal type.',
    remedy: 'Give a whole number within the range that the message names.',
  },

  // media: what could not be looked at. Each of these makes the verdict could-not-tell, never no-match.
  'media-empty': { status: 422, title: 'The medium has no bytes.', remedy: 'Send the whole file.' },
  'media-too-large': {
    status: 413,
    title: 'The medium is larger than the limit.',
    remedy: 'Raise --max-bytes if media of this size are expected.',
  },
  'media-too-many-pixels': {
    status: 422,
    title: 'The picture declares more pixels than the limit.',
    remedy: 'Raise --max-pixels if pictures of this size are expected; a decompression bomb looks the same.',
  },
  'media-damaged': {
    status: 422,
    title: 'The medium could not be decoded: it is cut short or damaged.',
    remedy: 'Fetch it again; if it stays damaged, a person has to look at the case.',
  },
  'media-format-unsupported': {
    status: 422,
    title: 'The medium is of a kind that can hold pictures, and no decoder for it is installed.',
    remedy: 'See `vigie doctor` for the decoders of this machine.',
  },
  'media-too-small': {
    status: 422,
    title: 'The picture is less than five pixels wide or high.',
    remedy: 'Nothing: such a picture has no perceptual hash. Its exact hashes were tried.',
  },
  'media-no-video': {
    status: 422,
    title: 'The file is made for video and holds no moving pictures.',
    remedy: 'Nothing: it may be sound alone. Its exact hashes were tried.',
  },
  'video-decoder-missing': {
    status: 422,
    title: 'Video cannot be looked at: ffmpeg is not installed.',
    remedy: 'Install it (`apt-get install -y ffmpeg`) and start Vigie again; `vigie doctor` tells whether it works.',
  },
  'spool-full': {
    status: 503,
    title: 'There is no room in memory for the video.',
    remedy: 'Try again after the time in Retry-After; give /dev/shm more room (in a container: --shm-size).',
  },
  'decoder-timeout': {
    status: 422,
    title: 'Decoding took longer than the limit and was stopped.',
    remedy: 'Raise --decode-timeout if the machine is slow; a hostile file looks the same.',
  },
  'decoder-memory': {
    status: 422,
    title: 'Decoding took more memory than the limit and was stopped.',
    remedy: 'Raise --decode-memory if pictures of this size are expected; a hostile file looks the same.',
  },
  'decoder-crashed': {
    status: 422,
    title: 'The decoder process died while it read this medium.',
    remedy: 'The process was replaced; keep the file from people and report the crash with the file kept apart.',
  },
  'decoder-busy': {
    status: 503,
    title: 'All decoders are busy and the waiting line is full.',
    remedy: 'Try again after the time in Retry-After, or start more workers.',
  },

  // index
  'index-not-loaded': {
    status: 503,
    title: 'The index is not loaded yet, so nothing can be said about any medium.',
    remedy: 'Try again after the time in Retry-After; /readyz tells when it is loaded.',
  },
  'index-incomplete': {
    status: 503,
    title: 'A list could not be loaded, so its entries were not tried.',
    remedy: 'See `vigie list ls`; restore the list from a backup or import it again, then scan the medium again.',
  },
  'rules-undecided': {
    status: 503,
    title: 'Rules of a list keep out more entries than could be looked at, and nothing else was found.',
    remedy:
      'Thousands of entries are nearly the same: see the rules of the list, and whether its source repeats itself.',
  },
  'segment-damaged': {
    status: 500,
    title: 'A segment file is damaged or was cut short.',
    remedy: 'Restore it from a backup, or import the list again; look-ups on other lists go on.',
  },
  'segment-foreign': {
    status: 500,
    title: 'The file is not a segment of this version of Vigie.',
    remedy: 'Check the path; import the list again if it was written by another version.',
  },
  'index-stale': {
    status: 503,
    title: 'This process does not know what was withdrawn meanwhile, so it gives no verdict.',
    remedy: 'Try again, or on another node; check that the database answers.',
  },
  'segment-closed': {
    status: 503,
    title: 'The segment was closed while it was read.',
    remedy: 'Try again: a newer version of the list has taken its place.',
  },
  'segment-full': {
    status: 413,
    title: 'The entries do not fit into one segment.',
    remedy: 'Write them into several segments.',
  },
  'entry-too-large': {
    status: 413,
    title: 'The entry is larger than a segment takes.',
    remedy: 'Shorten its comment, or give its signals to several entries.',
  },
  'memory-exhausted': {
    status: 503,
    title: 'There is not enough memory for the index.',
    remedy: 'Free memory, or roll back to a smaller list version.',
  },

  // sealing and storage
  'seal-key-wrong': {
    status: 500,
    title: 'The key does not open this file.',
    remedy: 'Give the key that sealed it: VIGIE_KEY, the key file of the data directory, or --keys of `vigie restore`.',
  },
  'seal-key-missing': {
    status: 500,
    title: 'There is sealed data here but no key.',
    remedy: 'Restore the key file from where you keep it, or set VIGIE_KEY. Without it the data cannot be read.',
  },
  'seal-key-unsafe': {
    status: 500,
    title: 'The key cannot be used: it is malformed, or others may read its file.',
    remedy: 'Give 32 bytes as 64 hexadecimal digits or in base64; `chmod 600` the key file.',
  },
  'seal-damaged': {
    status: 500,
    title: 'A sealed file is damaged, cut short or was changed.',
    remedy: 'Restore it from a backup.',
  },
  'data-dir-in-use': {
    status: 409,
    title: 'Another process owns this data directory.',
    remedy: 'Stop the other service, or choose another directory with --data.',
  },
  'data-dir-unusable': {
    status: 500,
    title: 'The data directory cannot be used.',
    remedy: 'Check that it exists, that it is a directory and that this user may write in it.',
  },
  'data-dir-missing': {
    status: 404,
    title: 'There is no data directory of Vigie here.',
    remedy: 'Name the one of the service with --data or VIGIE_DATA; `vigie serve` makes one.',
  },
  'disk-full': {
    status: 507,
    title: 'The disk is full.',
    remedy: 'Free space and try again; nothing that was acknowledged is lost.',
  },
  'database-unavailable': {
    status: 503,
    title: 'The database does not answer.',
    remedy: 'Check DATABASE_URL and the server; the service goes on by itself when it is back.',
  },
  'database-busy': {
    status: 503,
    title: 'The database has too much to do.',
    remedy: 'Try again after the time in Retry-After.',
  },
  'database-timeout': {
    status: 503,
    title: 'Work in the database took longer than its limit and was undone.',
    remedy: 'Try again when the machine has less to do; look for what holds the database.',
  },
  'database-too-new': {
    status: 500,
    title: 'A newer version of Vigie has written this database.',
    remedy: 'Start that version or a newer one, or restore a backup from before.',
  },
  'fsync-not-real': {
    status: 500,
    title: 'The embedded database does not write through to the disk on this machine.',
    remedy: 'Use a PostgreSQL server (DATABASE_URL), or start with --allow-no-fsync for a trial.',
  },
  'blob-not-found': {
    status: 404,
    title: 'A stored file is missing.',
    remedy: 'Restore it from a backup; `vigie doctor` names what is missing.',
  },

  // lists
  'list-not-found': { status: 404, title: 'There is no such list.', remedy: 'See `vigie list ls`.' },
  'list-name-taken': {
    status: 409,
    title: 'There is a list of this name already.',
    remedy: 'Choose another name, or import into the list that is there.',
  },
  'list-name-invalid': {
    status: 400,
    title: 'The list name is not valid.',
    remedy: 'Use 1 to 64 of a-z, 0-9, dot, dash and underscore, starting with a letter or digit.',
  },
  'list-version-not-found': {
    status: 404,
    title: 'The list has no such version.',
    remedy: 'See `vigie list show` for the versions that are kept.',
  },
  'list-content-other': {
    status: 409,
    title: 'The list holds something else.',
    remedy: 'A list holds media, URLs or keywords, once and for all; choose another list or another --content.',
  },
  'list-too-large': {
    status: 422,
    title: 'The list holds more URLs or keywords than one list can.',
    remedy: 'Divide it into several lists.',
  },
  'list-format-unknown': {
    status: 400,
    title: 'The format of the list cannot be told.',
    remedy: 'Name it with --format: csv, jsonl, lines, typed, vics.',
  },
  'list-header-invalid': {
    status: 400,
    title: 'The header of the list names no signal column.',
    remedy: 'Give at least one of md5, sha1, sha256, pdq, photodna, vpdq; rename columns with --map.',
  },
  'list-malformed': {
    status: 400,
    title: 'The list cannot be read any further.',
    remedy: 'Look at the line that the message names.',
  },
  'list-all-rejected': {
    status: 422,
    title: 'Not one record of the list could be used.',
    remedy: 'Check the format and the mapping of columns; the report counts why records were rejected.',
  },
  'list-too-many-rejected': {
    status: 422,
    title: 'More records were rejected than --max-rejected allows; nothing was changed.',
    remedy: 'Look at the report; raise --max-rejected if the rest of the list is good.',
  },
  'import-in-progress': {
    status: 409,
    title: 'This list is being imported already.',
    remedy: 'Wait for the other import, or cancel it.',
  },
  'import-aborted': {
    status: 499,
    title: 'The import was cancelled; the list is as it was.',
    remedy: 'Start it again; what was already staged is used again when the file is the same.',
  },
  'import-source-changed': {
    status: 409,
    title: 'The file is not the one that the interrupted import began with.',
    remedy: 'Start the import without resuming.',
  },
  'entry-not-found': {
    status: 404,
    title: 'The list has no such entry.',
    remedy: 'Check the entry id; it is the id that a match names.',
  },
  'entry-removed-by-source': {
    status: 409,
    title: 'The source of the list has removed this entry, and to restore it is to overrule the source.',
    remedy: 'Ask the source first; where it is wrong, restore the entry with `--overrule-source` (`"overrule": true`).',
  },
  'approval-required': {
    status: 409,
    title: 'In this list an entry acts only once a second person has approved it.',
    remedy: 'Propose it with `vigie entry propose`; somebody else approves it with `vigie entry approve`.',
  },
  'approval-own': {
    status: 403,
    title: 'Nobody approves a proposal of their own.',
    remedy: 'Have somebody else approve it, with a key or a session of theirs.',
  },
  'proposal-not-found': { status: 404, title: 'There is no such proposal.', remedy: 'See `vigie entry proposals`.' },
  'proposal-closed': {
    status: 409,
    title: 'The proposal was decided before, or its time is over.',
    remedy: 'Look at its state; propose it again if it is still wanted.',
  },
  'proposal-exists': {
    status: 409,
    title: 'The same is proposed already and waits.',
    remedy: 'Decide that proposal first; the detail is its id.',
  },
  'entry-not-confirmed': {
    status: 409,
    title: 'No match of this entry by an exact hash or PhotoDNA was confirmed by a person.',
    remedy: 'Confirm such a match first, with `vigie verdict confirm`.',
  },
  'medium-not-entry': {
    status: 409,
    title: 'The medium carries no exact hash and no PhotoDNA of this entry.',
    remedy: 'Give the file that was confirmed, byte by byte.',
  },
  'medium-gone': {
    status: 409,
    title: 'The bytes of the medium are not here any more.',
    remedy: 'Give the file itself.',
  },
  'verdict-not-found': {
    status: 404,
    title: 'There is no such verdict.',
    remedy: 'Check its id: `verdict.id` of an item, `scan` of a scan; or it was let go by retention.',
  },
  'match-not-found': {
    status: 404,
    title: 'The verdict has no match with this entry.',
    remedy: 'Name a list and an entry as the verdict names them.',
  },

  // requests and access
  'request-invalid': { status: 400, title: 'The request is not valid.', remedy: 'See the fields that are named.' },
  'not-found': { status: 404, title: 'There is nothing at this address.', remedy: 'See /openapi.json.' },
  'method-not-allowed': { status: 405, title: 'The method is not known here.', remedy: 'See /openapi.json.' },
  'content-type-unsupported': {
    status: 415,
    title: 'The content type is not taken here.',
    remedy: 'Send application/octet-stream, multipart/form-data or application/json, as the operation says.',
  },
  'key-missing': {
    status: 401,
    title: 'The request carries no key.',
    remedy: 'Send the key in the header Authorization: Bearer.',
  },
  'key-not-found': {
    status: 404,
    title: 'There is no such key, or it was revoked before.',
    remedy: 'See `vigie key ls`.',
  },
  'key-invalid': {
    status: 401,
    title: 'The key is not known or was revoked.',
    remedy: 'Create one: vigie key create.',
  },
  'scope-missing': {
    status: 403,
    title: 'The key does not carry the scope that this operation needs.',
    remedy: 'Create a key with that scope, if its owner may have it.',
  },
  'link-used': {
    status: 401,
    title: 'The one-time link was used already or has expired.',
    remedy: 'Make a new one with `vigie link`.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests.',
    remedy: 'Try again after the time in Retry-After.',
  },
  'request-too-slow': {
    status: 408,
    title: 'The request was not sent in time.',
    remedy: 'Send it again over a better connection.',
  },
  'shutting-down': {
    status: 503,
    title: 'The service is stopping.',
    remedy: 'Try again in a moment, or on another node.',
  },
  'bind-refused': {
    status: 500,
    title: 'Listening on this address is not safe without a proxy that ends TLS.',
    remedy: 'Keep 127.0.0.1, or say --behind-proxy when a proxy with TLS stands in front.',
  },

  'address-unusable': {
    status: 500,
    title: 'This address cannot be listened on.',
    remedy: 'Stop what listens there, or choose another with --port or --host; ports below 1024 belong to root.',
  },

  // the ground floor
  'queue-full': {
    status: 429,
    title: 'More work is waiting than may wait.',
    remedy: 'Try again after the time in Retry-After; start more workers if it lasts.',
  },
  'stream-unavailable': {
    status: 503,
    title: 'The work stream does not answer.',
    remedy: 'Check that the NATS server runs; what was accepted is in the database and goes on when it is back.',
  },
  'surface-private': {
    status: 403,
    title: 'Items of private surfaces are not looked at.',
    remedy: 'Only `vigie private on` with a jurisdiction, its legal basis and an end allows it.',
  },
  'private-switch-not-found': {
    status: 404,
    title: 'Private surfaces of this jurisdiction are not switched on.',
    remedy: 'See `vigie private ls`.',
  },
  'item-conflict': {
    status: 409,
    title: 'An item of this id was handed in before with another content.',
    remedy: 'Give each item its own id; hand in an edited one with a new id.',
  },
  'item-not-found': {
    status: 404,
    title: 'There is no such item.',
    remedy: 'Check the id, or it was let go by retention.',
  },
  'effect-unknown': {
    status: 500,
    title: 'This version cannot carry out an effect that is waiting.',
    remedy: 'Run the newest version on every node.',
  },
  'effect-refused': {
    status: 502,
    title: 'The receiver refused the effect.',
    remedy: 'Look at the answer that is named, and retry it from the attention list.',
  },
  'effect-odd-answer': {
    status: 502,
    title: 'The receiver answered, but not as a receiver of webhooks does.',
    remedy: 'An HTML page or a redirect is no acknowledgement; check the address.',
  },
  'effect-failed': {
    status: 502,
    title: 'The receiver did not take the effect.',
    remedy: 'It is tried again for about a day; check that the receiver works.',
  },
  'effect-timeout': {
    status: 504,
    title: 'The receiver did not take the effect in time.',
    remedy: 'It is tried again for about a day; a receiver should answer first and work afterwards.',
  },
  'effect-not-found': {
    status: 404,
    title: 'There is no such effect.',
    remedy: 'See `vigie effects ls`; finished ones are forgotten after a month.',
  },
  'effect-not-waiting': {
    status: 409,
    title: 'The effect is finished, or it is being delivered just now.',
    remedy: 'See `vigie effects ls`, and try again in a minute if it is in flight.',
  },
  'signature-invalid': {
    status: 401,
    title: 'The signature of the message is not valid.',
    remedy: 'Check the secret, that the body is verified as it came, and the clock of the receiver.',
  },
  'webhook-name-taken': {
    status: 409,
    title: 'There is a webhook of this name already.',
    remedy: 'Choose another name, or remove the one that is there.',
  },
  'webhook-not-found': { status: 404, title: 'There is no such webhook.', remedy: 'See `vigie webhook ls`.' },
  'attention-not-found': { status: 404, title: 'There is no such attention.', remedy: 'See `vigie attention ls`.' },
  'audit-damaged': {
    status: 500,
    title: 'The record of events was changed or is not complete.',
    remedy: 'Run `vigie audit verify`: it names what does not fit. Keep the disk as it is until it is understood.',
  },
  'subject-not-found': {
    status: 404,
    title: 'There is nothing of such a subject that could be erased.',
    remedy: 'Check how it is written, or name the platform and its account; perhaps it was erased before.',
  },
  'subject-erased': {
    status: 410,
    title: 'The subject was erased.',
    remedy: 'Nothing more can be written or read of it.',
  },
  'backup-damaged': {
    status: 422,
    title: 'The backup is damaged or not complete.',
    remedy: 'Use another one; `vigie restore` changes nothing before all of it was checked.',
  },
  'restore-refused': {
    status: 409,
    title: 'There is something at the place to restore to.',
    remedy: 'Restore into an empty data directory and an empty database.',
  },
  'store-unavailable': {
    status: 503,
    title: 'The store of segments does not answer.',
    remedy: 'Check the shared directory or the object store and its credentials.',
  },

  // fetching
  'url-invalid': { status: 400, title: 'The URL is not valid.', remedy: 'Give an absolute http or https URL.' },
  'url-forbidden': {
    status: 400,
    title: 'The URL leads to an address that must not be fetched from here.',
    remedy: 'Private, loopback and link-local addresses need --allow-fetch-from of `vigie serve`.',
  },
  'fetch-failed': {
    status: 502,
    title: 'The medium could not be fetched.',
    remedy: 'It will be tried again; check that the address answers.',
  },
  'fetch-timeout': {
    status: 504,
    title: 'Fetching the medium took longer than the limit.',
    remedy: 'It will be tried again; raise --fetch-timeout if the source is slow.',
  },

  // policies
  'policy-invalid': {
    status: 400,
    title: 'The policy cannot be used.',
    remedy: 'Mend the lines that are named; `vigie policy check <file>` says what is still wrong.',
  },
  'policy-not-found': {
    status: 404,
    title: 'There is no such version of the policy.',
    remedy: 'See `vigie policy ls`.',
  },
  'policy-active': {
    status: 409,
    title: 'This version of the policy is the active one already.',
    remedy: 'Nothing is to be done.',
  },

  'policy-busy': {
    status: 429,
    title: 'A policy is being tried on stored verdicts already.',
    remedy: 'Try again when it is done.',
  },

  // platforms and what is done on them
  'platform-not-found': { status: 404, title: 'There is no such platform.', remedy: 'See `vigie platform ls`.' },
  'platform-name-invalid': {
    status: 400,
    title: 'A platform cannot have this name.',
    remedy: 'Use 1 to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit.',
  },
  'platform-name-taken': {
    status: 409,
    title: 'There is a platform of this name already.',
    remedy: 'Choose another name, or remove the one that is there.',
  },
  'platform-kind-unknown': {
    status: 400,
    title: 'This version knows no such kind of platform.',
    remedy: 'See `vigie platform kinds`.',
  },
  'platform-settings-invalid': {
    status: 400,
    title: 'The settings or credentials of the platform are not valid.',
    remedy: 'See the fields that are named, and `vigie platform kinds` for what each kind needs.',
  },
  'platform-refused': {
    status: 502,
    title: 'The platform refuses us.',
    remedy: 'Check the credentials and the rights of the account; it is tried again, more and more seldom.',
  },
  'platform-unreachable': {
    status: 502,
    title: 'The platform does not answer.',
    remedy: 'It is tried again; nothing is lost meanwhile.',
  },
  'platform-busy': {
    status: 503,
    title: 'The platform asks us to wait.',
    remedy: 'It is tried again when the time that it asked for is over.',
  },
  'platform-malformed': {
    status: 502,
    title: 'The platform answered something that is not what it should be.',
    remedy: 'It is tried again; see the documentation of the platform for the versions that are supported.',
  },
  'delivery-refused': {
    status: 401,
    title: 'This delivery is not taken.',
    remedy: 'Only a platform itself delivers here, and proves it; see the page of its kind for the settings.',
  },
  'delivery-untaken': {
    status: 503,
    title: 'The delivery could not be taken in here just now.',
    remedy: 'It is delivered again. Of several processes only the one that holds the connection takes it.',
  },
  'act-unsupported': {
    status: 422,
    title: 'The platform cannot do this.',
    remedy: 'Do it by hand there, and give the action up with a reason.',
  },
  'act-too-late': {
    status: 422,
    title: 'The platform no longer allows this for something so old.',
    remedy: 'Have an owner of the room do it by hand, and give the action up with a reason.',
  },
  'act-refused': {
    status: 403,
    title: 'The platform does not let us do this: rights are missing.',
    remedy: 'Have an owner of the room give them, then retry the action.',
  },
  'act-unconfirmed': {
    status: 502,
    title: 'The platform said that it was done, and it is not.',
    remedy: 'It is tried again; look at the room when it stays so.',
  },
  'act-awaited': {
    status: 502,
    title: 'The platform took the order, and has not confirmed it yet.',
    remedy: 'It confirms with `POST /v1/actions/{id}/confirm`; without a word the order is sent again.',
  },
  'act-not-awaited': {
    status: 409,
    title: 'No confirmation of this action is waited for.',
    remedy: 'Only what was sent to a platform that is set to confirm later can be confirmed, and only once.',
  },
  'scorer-away': {
    status: 502,
    title: 'The scorer does not answer.',
    remedy: 'Items have no score meanwhile, and their verdicts are as they would be; see to the scorer.',
  },
  'scorer-refused': {
    status: 502,
    title: 'The scorer refuses us.',
    remedy: 'Check VIGIE_SCORER_KEY; it is asked again, more and more seldom.',
  },
  'scorer-odd-answer': {
    status: 502,
    title: 'The scorer answered something that is no score of its version.',
    remedy: 'It answers `{"score": 0.5}`, from 0 to 1; when it was replaced, set --scorer-version.',
  },

  // actions, brakes and cases
  'action-not-found': { status: 404, title: 'There is no such action.', remedy: 'See `vigie action ls`.' },
  'action-not-waiting': {
    status: 409,
    title: 'The state of the action does not allow this.',
    remedy: 'Look at it again: somebody may have decided it, or the platform has answered.',
  },
  'action-unwanted': {
    status: 409,
    title: 'What the action rests on does not hold any more.',
    remedy: 'Decide the case on its own if it should be done all the same.',
  },
  'enforcement-stopped': {
    status: 409,
    title: 'Enforcement is stopped for this platform.',
    remedy: 'Lift the stop first: `vigie stop --lift`.',
  },
  'enforcement-not-stopped': {
    status: 404,
    title: 'Enforcement is not stopped there.',
    remedy: 'See `vigie stop --list` for what is stopped.',
  },
  'exemption-not-found': { status: 404, title: 'There is no such exemption.', remedy: 'See `vigie exempt ls`.' },
  'exemption-invalid': {
    status: 400,
    title: 'The exemption cannot be granted like this.',
    remedy: 'Give an end that is ahead, a year at the most, and an account or a room that was met on the platform.',
  },
  'case-not-found': { status: 404, title: 'There is no such case.', remedy: 'See `vigie case ls`.' },
  'case-decided': { status: 409, title: 'The case was decided before.', remedy: 'See what was decided.' },

  // sources of lists
  'list-has-source': {
    status: 409,
    title: 'A source feeds this list.',
    remedy: 'Remove the source first, or with its list: `vigie source rm --with-list`.',
  },
  'source-name-invalid': {
    status: 400,
    title: 'A source cannot have this name.',
    remedy: 'Use 1 to 64 of a-z, 0-9, dot, dash and underscore, beginning with a letter or digit.',
  },
  'source-name-taken': {
    status: 409,
    title: 'There is a source of this name already.',
    remedy: 'Choose another name, or remove the one that is there.',
  },
  'source-list-taken': {
    status: 409,
    title: 'Another source feeds this list.',
    remedy: 'Give each source a list of its own.',
  },
  'source-not-found': { status: 404, title: 'There is no such source.', remedy: 'See `vigie source ls`.' },
  'source-kind-unknown': {
    status: 400,
    title: 'This version knows no such kind of source.',
    remedy: 'See `vigie source kinds`.',
  },
  'source-settings-invalid': {
    status: 400,
    title: 'The settings or credentials of the source are not valid.',
    remedy: 'See the fields that are named, and `vigie source kinds` for what each kind needs.',
  },
  'source-held': {
    status: 409,
    title: 'The source would remove so much of its list that a person has to approve it.',
    remedy: 'See `vigie source show`; then `vigie source approve` or `vigie source refuse`.',
  },
  'source-not-held': {
    status: 409,
    title: 'Nothing of this source waits for a decision, or it is another change by now.',
    remedy: 'See `vigie source show`.',
  },
  'source-busy': {
    status: 409,
    title: 'The source is being synced by another process, or was changed meanwhile.',
    remedy: 'Wait a moment; what is not stored yet is told again.',
  },
  'source-refused': {
    status: 502,
    title: 'The source refuses us.',
    remedy: 'Check its credentials and whether this address may ask; it is tried again, more and more seldom.',
  },
  'source-unreachable': {
    status: 502,
    title: 'The source does not answer.',
    remedy: 'It is tried again; nothing is lost meanwhile.',
  },
  'source-malformed': {
    status: 502,
    title: 'The source answered something that is not what it should be.',
    remedy: 'Nothing of it was taken in; it is tried again. Ask the source when it stays so.',
  },
  'feedback-not-taken': {
    status: 422,
    title: 'The source takes no feedback of this kind.',
    remedy: 'Nothing: it is not tried again. Tell the source in another way when it matters.',
  },

  'source-untrusted': {
    status: 502,
    title: 'What the source answered is not signed by the key that is trusted.',
    remedy: 'Nothing of it was taken in. Ask the publisher, by another way, whether the key is still theirs.',
  },

  // publishing
  'publication-not-found': {
    status: 404,
    title: 'There is no such published list for you.',
    remedy: 'See GET /feed/v1/lists for those that there are, or `vigie publish show`.',
  },
  'member-not-found': { status: 404, title: 'There is no such member.', remedy: 'See `vigie member ls`.' },
  'member-name-taken': {
    status: 409,
    title: 'There is a member of this name already.',
    remedy: 'Choose another name; the name of a revoked member stays taken, as what it said is kept.',
  },
  'feed-checkpoint-invalid': {
    status: 400,
    title: 'The checkpoint is not one of this feed.',
    remedy: 'Send it as it was given, or none to begin from the beginning.',
  },

  // files and commands
  'file-not-readable': { status: 400, title: 'The file cannot be read.', remedy: 'Check the path and permissions.' },
  'file-not-writable': { status: 400, title: 'The file cannot be written.', remedy: 'Check the path and permissions.' },
  usage: {
    status: 400,
    title: 'It cannot be done as it was asked for.',
    remedy: 'Add --help to the command for its options.',
  },
  'service-not-running': {
    status: 503,
    title: 'No service answers on this data directory.',
    remedy: 'Start it with `vigie serve`, or name its directory with --data or VIGIE_DATA.',
  },
  'service-not-yours': {
    status: 403,
    title: 'The data directory or its service belongs to another user.',
    remedy: 'Run the command as the user that the service runs as, such as `sudo -u vigie vigie …`.',
  },
  'service-lost': {
    status: 503,
    title: 'The service went away before it answered.',
    remedy: 'See its log, start it again and repeat the command; an import goes on where it was.',
  },
  'hasher-failed': {
    status: 502,
    title: 'The outside hasher did not give a signal.',
    remedy: 'Run its command or call its endpoint by hand; see docs/photodna.md.',
  },
  'export-refused': {
    status: 403,
    title: 'Exporting a list takes a deliberate word.',
    remedy: 'Say --i-am-allowed, and keep the file as secret as the list.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong inside Vigie.',
    remedy: 'The log has the request id and the cause; please report it.',
  },
});

export type ErrorCode = keyof typeof ERRORS;

export interface VigieErrorOptions {
  /** What exactly, in a few words: a line number, a field, a limit. Never a signal, a credential or an account. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number;
  /** For the media and decoder errors: what the medium was sniffed to be. */
  readonly medium?: { readonly kind: 'image' | 'video' | 'other'; readonly format: string };
}

/** The one error class. `code` is stable and scripts may rely on it. */
export class VigieError extends Error {
  override readonly name = 'VigieError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly retryAfter: number | undefined;
  readonly medium: VigieErrorOptions['medium'];

  constructor(code: ErrorCode, options: VigieErrorOptions = {}) {
    const { title } = ERRORS[code];
    super(options.detail === undefined ? title : `${title} (${options.detail})`, { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.retryAfter = options.retryAfter;
    this.medium = options.medium;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get remedy(): string {
    return ERRORS[this.code].remedy;
  }

  /** The same error in the shape of RFC 9457. */
  toProblem(): Problem {
    return {
      type: `urn:vigie:error:${this.code}`,
      title: ERRORS[this.code].title,
      status: this.status,
      code: this.code,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      remedy: this.remedy,
    };
  }

  /** Any thrown value as a VigieError; what is not one already becomes `internal` with the value as its cause. */
  static from(thrown: unknown): VigieError {
    if (thrown instanceof VigieError) return thrown;
    const code = (thrown as { code?: unknown } | null)?.code;
    if (code === 'ENOSPC' || code === 'EDQUOT') return new VigieError('disk-full', { cause: thrown });
    return new VigieError('internal', { cause: thrown });
  }
}

/** A problem in the sense of RFC 9457 (`application/problem+json`). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly remedy: string;
}
