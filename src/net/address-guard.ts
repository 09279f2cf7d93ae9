import ipaddr from 'ipaddr.js';

/**
 * Which addresses may be fetched from. By default only public unicast ones: loopback, private, link-local (where cloud
 * metadata lives), carrier-grade NAT, documentation, multicast and reserved ranges are closed, in IPv4, IPv6 and every
 * embedding of one in the other.
 */
export class AddressGuard {
  readonly #allowed: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];

  /** @param allow addresses or CIDR ranges that are open although they are not public, such as `10.1.0.0/16` */
  constructor(allow: readonly string[] = []) {
    this.#allowed = allow.map((text) => {
      if (text.includes('/')) return ipaddr.parseCIDR(text);
      const address = ipaddr.parse(text);
      return [address, address.kind() === 'ipv4' ? 32 : 128];
    });
  }

  /** @param address a numeric IPv4 or IPv6 address, as DNS answers it */
  permits(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    const parsed = unwrap(ipaddr.parse(address));
    if (parsed === undefined) return false;
    if (this.#allowed.some(([range, bits]) => range.kind() === parsed.kind() && parsed.match(range, bits))) return true;
    return parsed.range() === 'unicast';
  }
}

/** An IPv4 address that hides in an IPv6 one is judged as IPv4; embeddings that cannot be judged are refused. */
function unwrap(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (address.kind() === 'ipv4') return address;
  const six = address as ipaddr.IPv6;
  if (six.isIPv4MappedAddress()) return six.toIPv4Address();
  const range = six.range();
  // NAT64 (64:ff9b::/96), 6to4 and Teredo carry an IPv4 address that another machine would resolve for us.
  if (range === 'rfc6052' || range === 'rfc6145' || range === '6to4' || range === 'teredo') return undefined;
  return six;
}
