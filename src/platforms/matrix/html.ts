const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** What people read of a formatted text: without tags, and with its entities as what they stand for. */
export function textOf(html: string): string {
  return decoded(
    html.replace(/<\/(?:p|div|li|h\d|tr|blockquote)\s*>|<br\s*\/?>/gi, '\n').replace(/<[^>]{0,8192}>/g, ''),
  );
}

/** Where a formatted text leads and what it shows: its `href` and `src`. */
export function* attributesOf(html: string): Generator<{ readonly name: string; readonly value: string }> {
  const attribute = /\b(href|src)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi;
  for (const [, name = '', double, single, bare] of html.matchAll(attribute)) {
    yield { name: name.toLowerCase(), value: decoded(double ?? single ?? bare ?? '').trim() };
  }
}

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hexadecimal, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
