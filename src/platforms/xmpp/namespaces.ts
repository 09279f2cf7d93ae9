/** Namespaces of XMPP, by what they are for, with the document that describes each. */
export const NS = {
  /** XEP-0030 */
  discoInfo: 'http://jabber.org/protocol/disco#info',
  discoItems: 'http://jabber.org/protocol/disco#items',
  /** XEP-0045 */
  muc: 'http://jabber.org/protocol/muc',
  mucUser: 'http://jabber.org/protocol/muc#user',
  mucAdmin: 'http://jabber.org/protocol/muc#admin',
  mucOwner: 'http://jabber.org/protocol/muc#owner',
  mucConfig: 'http://jabber.org/protocol/muc#roomconfig',
  /** XEP-0004 */
  form: 'jabber:x:data',
  /** XEP-0059 */
  set: 'http://jabber.org/protocol/rsm',
  /** XEP-0066 */
  oob: 'jabber:x:oob',
  /** XEP-0071 */
  xhtml: 'http://jabber.org/protocol/xhtml-im',
  /** XEP-0198 */
  streamManagement: 'urn:xmpp:sm:3',
  /** XEP-0199 */
  ping: 'urn:xmpp:ping',
  /** XEP-0203 */
  delay: 'urn:xmpp:delay',
  /** XEP-0231 */
  bob: 'urn:xmpp:bob',
  /** XEP-0297 */
  forward: 'urn:xmpp:forward:0',
  /** XEP-0308 */
  correct: 'urn:xmpp:message-correct:0',
  /** XEP-0313 */
  archive: 'urn:xmpp:mam:2',
  /** XEP-0359 */
  stanzaId: 'urn:xmpp:sid:0',
  /** XEP-0363 */
  upload: 'urn:xmpp:http:upload:0',
  /** XEP-0372 */
  reference: 'urn:xmpp:reference:0',
  /** XEP-0377 */
  reporting: 'urn:xmpp:reporting:1',
  /** XEP-0385 */
  sims: 'urn:xmpp:sims:1',
  /** XEP-0421 */
  occupantId: 'urn:xmpp:occupant-id:0',
  /** XEP-0422, as the older XEP-0425 uses it */
  fasten: 'urn:xmpp:fasten:0',
  /** XEP-0424 */
  retractOld: 'urn:xmpp:message-retract:0',
  retract: 'urn:xmpp:message-retract:1',
  /** XEP-0425, until version 0.2 and since 0.3 */
  moderateOld: 'urn:xmpp:message-moderate:0',
  moderate: 'urn:xmpp:message-moderate:1',
  /** XEP-0446 and XEP-0447 */
  fileMetadata: 'urn:xmpp:file:metadata:0',
  fileSharing: 'urn:xmpp:sfs:0',
  urlData: 'http://jabber.org/protocol/url-data',
  /** XEP-0461 */
  reply: 'urn:xmpp:reply:0',
  /** Of the modules in deploy/prosody */
  vigieUploads: 'urn:vigie:uploads:1',
  vigieReports: 'urn:vigie:reports:1',
} as const;
