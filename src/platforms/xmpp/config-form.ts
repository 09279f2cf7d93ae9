import { type Element, xml } from '@xmpp/client';
import { VigieError } from '../../errors.js';
import { NS } from './namespaces.js';
import type { Session } from './session.js';

/** Settings of a room, by the names that XEP-0045 gives them, `1` and `0` for yes and no. */
export type RoomConfig = Readonly<Record<string, string>>;

/**
 * Changes settings of a room; all others stay as they are.
 * @param noting told those that are different, as they are, before anything is changed
 * @returns those that were different before, as they were
 * @throws VigieError `act-unsupported` when the room has no such setting, `act-unconfirmed` when it stays as it was,
 *   those of `Session.ask`
 */
export async function configure(
  session: Session,
  room: string,
  changes: RoomConfig,
  signal: AbortSignal,
  noting: (before: RoomConfig) => Promise<void> = async () => undefined,
): Promise<RoomConfig> {
  const form = await formOf(session, room, signal);
  const before = different(form, changes);
  if (Object.keys(before).length === 0) return before;
  await noting(before);
  const fields = form.getChildren('field').map((field) => {
    const { var: name, type } = field.attrs;
    const change = changes[name ?? ''];
    const values = change === undefined ? field.getChildren('value').map((value) => value.text()) : [change];
    return xml(
      'field',
      { var: name, ...(type === undefined ? {} : { type }) },
      ...values.map((value) => xml('value', {}, value)),
    );
  });
  const named = fields.filter(({ attrs }) => attrs['var'] !== undefined && attrs['type'] !== 'fixed');
  const submit = xml('query', { xmlns: NS.mucOwner }, xml('x', { xmlns: NS.form, type: 'submit' }, ...named));
  await session.ask('set', room, submit, signal);
  const after = different(await formOf(session, room, signal), changes);
  if (Object.keys(after).length > 0) throw new VigieError('act-unconfirmed');
  return before;
}

async function formOf(session: Session, room: string, signal: AbortSignal): Promise<Element> {
  const answer = await session.ask('get', room, xml('query', { xmlns: NS.mucOwner }), signal);
  const form = answer.getChild('query', NS.mucOwner)?.getChild('x', NS.form);
  if (form === undefined) throw new VigieError('act-unsupported', { detail: 'the room has no settings' });
  return form;
}

function different(form: Element, changes: RoomConfig): RoomConfig {
  const found: Record<string, string> = {};
  for (const [name, wanted] of Object.entries(changes)) {
    const field = form.getChildren('field').find(({ attrs }) => attrs['var'] === name);
    if (field === undefined) throw new VigieError('act-unsupported', { detail: 'the room has no such setting' });
    const value = field.getChildText('value') ?? '';
    const is = /^(1|true)$/.test(value) ? '1' : /^(0|false|)$/.test(value) ? '0' : value;
    if (is !== wanted) found[name] = is;
  }
  return found;
}
