import { SaxesParser } from 'saxes';
import { VigieError } from '../../../errors.js';

const DEEPEST = 32;
/** Longest text of one element that is kept, UTF-16 units; a longer one is given as undefined. */
const TEXT_LIMIT = 4_096;

/** Told of elements as they come. Names are without their namespace's prefix. */
export interface XmlVisitor {
  open?(name: string, attributes: Readonly<Record<string, string>>, depth: number): void;
  /** @param text what stands directly in the element, trimmed; undefined when it is longer than 4096 units */
  close?(name: string, text: string | undefined, depth: number): void;
}

/**
 * Reads XML as it comes, in memory bounded by its largest element. Documents that declare a type are refused, and with
 * them every entity that is not XML's own; so are other encodings than UTF-8.
 *
 * @param root the name of the outermost element
 * @throws VigieError `source-malformed`, which holds nothing of the document; what the source throws
 */
export async function readXml(source: AsyncIterable<Uint8Array>, root: string, visitor: XmlVisitor): Promise<void> {
  const parser = new SaxesParser();
  const texts: (string | undefined)[] = [];
  const refuse = (detail: string): never => {
    throw new VigieError('source-malformed', { detail });
  };
  // The parser's own message quotes the document.
  parser.on('error', () => refuse('not well-formed XML'));
  parser.on('doctype', () => refuse('XML that declares a type'));
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(encoding)) refuse('XML that is not UTF-8');
  });
  parser.on('opentag', ({ name, attributes }) => {
    const local = localName(name);
    if (texts.length === 0 && local !== root) refuse(/^html$/i.test(local) ? 'a page for people' : 'other XML');
    if (texts.length >= DEEPEST) refuse('XML that is nested too deep');
    visitor.open?.(local, attributes, texts.length);
    texts.push('');
  });
  const add = (text: string): void => {
    const before = texts.at(-1);
    if (before === undefined || texts.length === 0) return;
    texts[texts.length - 1] = before.length + text.length > TEXT_LIMIT ? undefined : before + text;
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('closetag', ({ name }) => {
    const text = texts.pop();
    visitor.close?.(localName(name), text?.trim(), texts.length);
  });

  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (chunk?: Uint8Array): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      return refuse('text that is not UTF-8');
    }
  };
  for await (const chunk of source) parser.write(decode(chunk));
  parser.write(decode());
  parser.close();
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
