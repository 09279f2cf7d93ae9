/** What a principal may do. Every route declares one of these, or `public`; there is no way to declare nothing. */
export const SCOPES = {
  scan: 'scan media and get verdicts',
  'items:write': 'hand in items',
  'items:read': 'see items and their verdicts',
  lookup: 'look up signals in the lists',
  'matches:detail': 'see the distance and the view of a match',
  'matches:judge': 'confirm or refute matches',
  'lists:read': 'see lists, their versions and their counts',
  'lists:write': 'load, roll back and remove lists',
  'sources:write': 'add, change and remove sources of lists, and decide on what they remove',
  'platforms:read': 'see the platforms that are connected, and how they do',
  'platforms:write': 'connect platforms, change and disconnect them',
  'entries:write': 'add, propose and withdraw single entries',
  'entries:approve': 'approve or refuse what others propose for a list',
  'entries:read': 'see the fingerprints of entries (each such look is recorded)',
  'lists:export': 'take a whole list out',
  'members:write': 'add, see and revoke the members to whom lists are published',
  'enforcement:read': 'see actions, cases, stops and exemptions',
  'enforcement:act': 'decide cases, approve, refuse, retry and undo actions, and exempt authors and rooms for a time',
  'actions:confirm': 'say for a platform that confirms later what became of what it was ordered to do',
  'enforcement:stop': 'stop enforcement and let it go on',
  'policy:read': 'see the policy and its versions, and try it on stored verdicts',
  'policy:write': 'add and activate versions of the policy',
  'private:write': 'switch the looking at private surfaces on and off, by law',
  'status:read': 'see the state of the service',
  'metrics:read': 'read the figures at /metrics',
  'attention:read': 'see what needs somebody',
  'attention:write': 'acknowledge, resolve and replay it',
  'webhooks:write': 'add, see, test and remove webhooks',
  'effects:read': 'see what waits to leave and what could not be delivered',
  'effects:write': 'retry effects or give them up',
  'audit:read': 'read the record of events, check and export it',
  'audit:erase': 'erase what the record holds of a subject',
  'keys:write': 'create and revoke keys and one-time links',
} as const;

export type Scope = keyof typeof SCOPES;

export const ALL_SCOPES = Object.keys(SCOPES) as readonly Scope[];

export function isScope(text: string): text is Scope {
  return Object.hasOwn(SCOPES, text);
}
