const BANK_NAME = /^[A-Z_][A-Z0-9_]*$/;
const LONGEST = 56;

/** Whether it is UPPER_WITH_UNDERSCORE. */
export function isBankName(name: string): boolean {
  return name.length <= 255 && BANK_NAME.test(name);
}

/** `iwf-hashes` is `IWF_HASHES`. Two lists can come to the same name. */
export function bankNameOf(list: string): string {
  const name = list.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
  return isBankName(name) ? name : `_${name}`;
}

/** `IWF_HASHES` is `iwf_hashes`. */
export function listNameOf(bank: string): string {
  const name = bank.toLowerCase().replace(/^_+/, '').slice(0, LONGEST);
  return name === '' ? 'bank' : name;
}
