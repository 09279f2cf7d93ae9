import type { Endpoint } from './endpoint.js';
import {
  approveAction,
  confirmAction,
  getAction,
  giveUpAction,
  listActions,
  refuseAction,
  retryAction,
  undoAction,
  undoEntry,
} from './endpoints/actions.js';
import {
  acknowledgeAttention,
  getAttention,
  listAttentions,
  replayAttention,
  resolveAttention,
} from './endpoints/attention.js';
import { eraseSubject, exportAudit, listEvents, verifyAudit } from './endpoints/audit.js';
import { backup } from './endpoints/backup.js';
import { decideCase, getCase, listCases } from './endpoints/cases.js';
import { createList, requireApproval } from './endpoints/create-list.js';
import { deriveSignals, withdrawDerived } from './endpoints/derived.js';
import { giveUpEffect, listEffects, retryEffect } from './endpoints/effects.js';
import {
  addExemption,
  endExemption,
  liftStop,
  listExemptions,
  listStops,
  stopEnforcement,
} from './endpoints/enforcement-brakes.js';
import { enrichList } from './endpoints/enrich-list.js';
import { addEntries, disputeEntry, getEntry, restoreEntry, withdrawEntry } from './endpoints/entries.js';
import { listEntryStatuses } from './endpoints/entry-statuses.js';
import { exportList } from './endpoints/export-list.js';
import { feedEntries, feedLists, feedOpinion } from './endpoints/feed.js';
import { sharedEntries, sharedMembers, sharedReasons, sharedStatus, shareFeedback } from './endpoints/hash-sharing.js';
import { healthz, readyz } from './endpoints/health.js';
import { importList } from './endpoints/import-list.js';
import { findItems, getItem, handInItem } from './endpoints/items.js';
import { handInItems } from './endpoints/items-batch.js';
import { itemsGone } from './endpoints/items-gone.js';
import { judgeMatch } from './endpoints/judge-match.js';
import { createKey, listKeys, revokeKey } from './endpoints/keys.js';
import { changeListRules, getListRules } from './endpoints/list-rules.js';
import { diffList, getList, getLists, removeList, rollBackList } from './endpoints/lists.js';
import { lookup } from './endpoints/lookup.js';
import { addMember, listMembers, revokeMember } from './endpoints/members.js';
import { metrics } from './endpoints/metrics.js';
import { listNodes } from './endpoints/nodes.js';
import { openapiDocument } from './endpoints/openapi-document.js';
import { listOpinions } from './endpoints/opinions.js';
import { deliverToPlatform } from './endpoints/platform-deliveries.js';
import {
  addPlatform,
  changePlatform,
  getPlatform,
  listPlatformKinds,
  listPlatforms,
  platformTimes,
  removePlatform,
  testPlatform,
  tryOutPlatform,
} from './endpoints/platforms.js';
import {
  activatePolicy,
  addPolicy,
  backtestPolicy,
  checkPolicy,
  diffPolicies,
  explainPolicy,
  getPolicy,
  listPolicies,
} from './endpoints/policies.js';
import { listPrivateSwitches, switchPrivateOff, switchPrivateOn } from './endpoints/private-switches.js';
import {
  approveProposal,
  getProposal,
  listProposals,
  propose,
  refuseProposal,
  takeProposalBack,
} from './endpoints/proposals.js';
import {
  listPublicationKeys,
  listPublications,
  publishList,
  rotatePublicationKey,
  unpublishList,
} from './endpoints/publications.js';
import { listRetro, listRetroFinds, runRetro, stopRetro } from './endpoints/retro.js';

import { getSample, listSamples } from './endpoints/samples.js';
import { scan } from './endpoints/scan.js';
import { scanText } from './endpoints/scan-text.js';
import { sealKeys } from './endpoints/seal-keys.js';
import { createLink, openSession } from './endpoints/sessions.js';
import {
  addSource,
  approveHeldChange,
  changeSource,
  getSource,
  listSourceKinds,
  listSources,
  refuseHeldChange,
  removeSource,
  syncSource,
  testSource,
  tryOutSource,
} from './endpoints/sources.js';
import { status } from './endpoints/status.js';
import { addWebhook, listWebhooks, removeWebhook, rotateWebhook, testWebhook } from './endpoints/webhooks.js';

/** Every route of the service, in the order in which the OpenAPI document shows them. */
export const ENDPOINTS: readonly Endpoint[] = [
  scan,
  scanText,
  handInItem,
  handInItems,
  findItems,
  getItem,
  itemsGone,
  lookup,
  getLists,
  createList,
  getList,
  requireApproval,
  importList,
  enrichList,
  getListRules,
  changeListRules,
  diffList,
  rollBackList,
  removeList,
  exportList,
  addEntries,
  getEntry,
  withdrawEntry,
  restoreEntry,
  disputeEntry,
  listEntryStatuses,
  deriveSignals,
  withdrawDerived,
  propose,
  listProposals,
  getProposal,
  approveProposal,
  refuseProposal,
  takeProposalBack,
  judgeMatch,
  listRetro,
  runRetro,
  stopRetro,
  listRetroFinds,
  listSourceKinds,
  listSources,
  getSource,
  addSource,
  tryOutSource,
  testSource,
  changeSource,
  syncSource,
  approveHeldChange,
  refuseHeldChange,
  removeSource,
  listPlatformKinds,
  listPlatforms,
  getPlatform,
  platformTimes,
  addPlatform,
  tryOutPlatform,
  testPlatform,
  changePlatform,
  removePlatform,
  deliverToPlatform,
  listSamples,
  getSample,
  listPublications,
  publishList,
  unpublishList,
  listOpinions,
  listPublicationKeys,
  rotatePublicationKey,
  addMember,
  listMembers,
  revokeMember,
  feedLists,
  feedEntries,
  feedOpinion,
  sharedStatus,
  sharedMembers,
  sharedEntries,
  sharedReasons,
  shareFeedback,
  listActions,
  getAction,
  approveAction,
  refuseAction,
  retryAction,
  confirmAction,
  giveUpAction,
  undoEntry,
  undoAction,
  listStops,
  stopEnforcement,
  liftStop,
  addExemption,
  listExemptions,
  endExemption,
  listCases,
  getCase,
  decideCase,
  listPolicies,
  getPolicy,
  checkPolicy,
  addPolicy,
  activatePolicy,
  diffPolicies,
  backtestPolicy,
  explainPolicy,
  switchPrivateOn,
  listPrivateSwitches,
  switchPrivateOff,
  status,
  metrics,
  listAttentions,
  getAttention,
  acknowledgeAttention,
  resolveAttention,
  replayAttention,
  addWebhook,
  listWebhooks,
  removeWebhook,
  testWebhook,
  rotateWebhook,
  listEffects,
  retryEffect,
  giveUpEffect,
  listNodes,
  listEvents,
  verifyAudit,
  exportAudit,
  eraseSubject,
  createKey,
  listKeys,
  revokeKey,
  createLink,
  openSession,
  healthz,
  readyz,
  openapiDocument,
];

/** Routes of the socket in the data directory alone: the network does not know them. */
export const LOCAL_ENDPOINTS: readonly Endpoint[] = [backup, sealKeys];
