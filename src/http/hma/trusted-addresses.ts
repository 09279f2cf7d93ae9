import { BlockList, isIP } from 'node:net';

/** An address, or a range of them, whose requests without a key are those of a key. */
export interface TrustedAddress {
  /** Such as `127.0.0.1` or `10.1.0.0/16`. */
  readonly range: string;
  /** Id of the key. */
  readonly key: string;
}

/** Which key stands for an address. */
export class TrustedAddresses {
  readonly #all: readonly { readonly list: BlockList; readonly key: string }[];

  constructor(trusted: readonly TrustedAddress[]) {
    this.#all = trusted.map(({ range, key }) => {
      const list = new BlockList();
      const [address = '', bits] = range.split('/', 2);
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (bits === undefined) list.addAddress(address, family);
      else list.addSubnet(address, Number(bits), family);
      return { list, key };
    });
  }

  /** @returns the id of the key; undefined when nobody vouches for the address */
  keyFor(address: string): string | undefined {
    const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
    const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
    return this.#all.find(({ list }) => list.check(plain, family))?.key;
  }
}
