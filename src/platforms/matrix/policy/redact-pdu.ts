export type Pdu = Readonly<Record<string, unknown>>;

/** Versions of rooms whose rules are known here. */
const NEWEST = 12;

const KEPT = [
  ...['event_id', 'type', 'room_id', 'sender', 'state_key', 'content', 'hashes', 'signatures', 'depth'],
  ...['prev_events', 'auth_events', 'origin_server_ts'],
];
const KEPT_UP_TO_10 = ['prev_state', 'origin', 'membership'];

const LEVELS = ['ban', 'events', 'events_default', 'kick', 'redact', 'state_default', 'users', 'users_default'];

/** The version of a room as a number; undefined for one whose rules are not known. */
export function roomVersion(text: string): number | undefined {
  const version = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return version >= 1 && version <= NEWEST ? version : undefined;
}

/**
 * What stays of an event when it is taken back, by the rules of its room's version (Matrix specification, "Room
 * versions", "Redactions"). Signatures cover this, and with it the hash of what does not stay.
 */
export function redactPdu(pdu: Pdu, version: number): Pdu {
  const kept = new Set(version >= 11 ? KEPT : [...KEPT, ...KEPT_UP_TO_10]);
  const fields = Object.entries(pdu).filter(([name]) => kept.has(name));
  return Object.fromEntries(
    fields.map(([name, value]) => [name, name === 'content' ? contentLeft(pdu['type'], value, version) : value]),
  );
}

function contentLeft(type: unknown, value: unknown, version: number): unknown {
  if (typeof value !== 'object' || value === null) return {};
  if (type === 'm.room.create' && version >= 11) return value;
  const kept = keptContent(type, version);
  const left = Object.entries(value).filter(([name]) => kept.includes(name));
  const signed = type === 'm.room.member' && version >= 11 ? signedInvitation(value) : [];
  return Object.fromEntries([...left, ...signed]);
}

function keptContent(type: unknown, version: number): readonly string[] {
  switch (type) {
    case 'm.room.member':
      return version >= 9 ? ['membership', 'join_authorised_via_users_server'] : ['membership'];
    case 'm.room.create':
      return ['creator'];
    case 'm.room.join_rules':
      return version >= 8 ? ['join_rule', 'allow'] : ['join_rule'];
    case 'm.room.power_levels':
      return version >= 11 ? [...LEVELS, 'invite'] : LEVELS;
    case 'm.room.aliases':
      return version <= 5 ? ['aliases'] : [];
    case 'm.room.history_visibility':
      return ['history_visibility'];
    case 'm.room.redaction':
      return version >= 11 ? ['redacts'] : [];
    default:
      return [];
  }
}

function signedInvitation(content: object): [string, unknown][] {
  const invitation = (content as Pdu)['third_party_invite'];
  if (typeof invitation !== 'object' || invitation === null || !('signed' in invitation)) return [];
  return [['third_party_invite', { signed: invitation.signed }]];
}
