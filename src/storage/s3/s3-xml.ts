/** The little of the object store's XML that is needed. Its values here hold no markup but the five entities. */

export interface S3Listing {
  readonly objects: readonly { readonly key: string; readonly bytes: number; readonly modified: Date }[];
  /** To ask for the next page with. */
  readonly next: string | undefined;
}

export function parseListing(xml: string): S3Listing {
  const objects = [...xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, inner = '']) => ({
    key: textOf(inner, 'Key') ?? '',
    bytes: Number(textOf(inner, 'Size')),
    modified: new Date(textOf(inner, 'LastModified') ?? Number.NaN),
  }));
  const more = textOf(xml, 'IsTruncated') === 'true';
  return { objects, next: more ? textOf(xml, 'NextContinuationToken') : undefined };
}

/** Such as `NoSuchKey`; undefined when the text is no error of an object store. */
export function errorCodeOf(xml: string): string | undefined {
  const code = textOf(xml, 'Code');
  return code !== undefined && /^[A-Za-z]{1,60}$/.test(code) ? code : undefined;
}

export function textOf(xml: string, element: string): string | undefined {
  const [, text] = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml) ?? [];
  return text?.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: keyof typeof ENTITIES) => ENTITIES[name]);
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`);
}

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" } as const;
