const NAMES: Readonly<Record<string, string>> = {
  pdq: 'PDQ',
  md5: 'MD5',
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  photodna: 'PhotoDNA',
  vpdq: 'vPDQ',
};

/** A signal type as its makers write it. */
export const signalName = (type: string): string => NAMES[type] ?? type;
