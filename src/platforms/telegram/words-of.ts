import type { SharedItem } from '../../enforcement/platform.js';

type Fields = Readonly<Record<string, unknown>>;
type Links = NonNullable<SharedItem['links']>;

/** Other messages, and what is no content of this one. */
const NOT_LOOKED_INTO: ReadonlySet<string> = new Set([
  ...['reply_to_message', 'pinned_message', 'from', 'chat', 'sender_chat', 'sender_business_bot', 'via_bot'],
  ...['forward_origin', 'origin', 'new_chat_members', 'left_chat_member', 'user', 'thumbnail'],
]);

/** Fields that people read. */
const READ: ReadonlySet<string> = new Set([
  ...['text', 'caption', 'credit', 'question', 'description', 'explanation', 'title', 'performer', 'summary', 'label'],
  ...['new_chat_title', 'prize_description', 'expression', 'alternative_text', 'address', 'name', 'author_signature'],
]);

const DEEPEST = 24;

/** What a message says, and the addresses that it leads to without showing them. */
export interface Words {
  readonly text: string;
  readonly links: Links;
}

/** Everything in a message that people read or can follow, whatever the kind of the message. */
export function wordsOf(message: object): Words {
  const texts: string[] = [];
  const links = new Map<string, 'entity' | 'button'>();
  visit(message, '', false, 0, (name, text, button) => {
    if (isLink(name)) {
      if (!links.has(text)) links.set(text, button ? 'button' : 'entity');
    } else if (READ.has(name)) texts.push(text);
  });
  return {
    text: texts.join('\n'),
    links: [...links].map(([url, from]) => ({ url, from })),
  };
}

function isLink(name: string): boolean {
  return name === 'url' || name.endsWith('_url');
}

/** @param told of every string: the name of its field, and whether it stands in a button */
function visit(
  value: unknown,
  name: string,
  button: boolean,
  depth: number,
  told: (name: string, text: string, button: boolean) => void,
): void {
  if (typeof value === 'string') {
    if (value !== '') told(name, value, button);
    return;
  }
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return;
  if (Array.isArray(value)) {
    // A text may be a list of pieces that bear the name of the list: a word may reach over several.
    if (READ.has(name) && value.some((each) => typeof each === 'string')) {
      const pieces: string[] = [];
      const note = (field: string, text: string, inButton: boolean) =>
        isLink(field) ? told(field, text, inButton) : READ.has(field) && pieces.push(text);
      for (const each of value) visit(each, name, button, depth + 1, note);
      told(name, pieces.join(''), button);
      return;
    }
    for (const each of value) visit(each, name, button, depth + 1, told);
    return;
  }
  for (const [field, inner] of Object.entries(value as Fields)) {
    if (NOT_LOOKED_INTO.has(field)) continue;
    const inButton = button || field === 'reply_markup' || field === 'button' || field === 'buttons';
    visit(inner, field, inButton, depth + 1, told);
  }
}
