import type { MatchFoundLater } from './effects/webhook-messages.js';
import type { Webhooks } from './effects/webhooks.js';
import type { FindWriterOptions } from './retro/find-writer.js';

/** A find becomes a message to every webhook that wants to hear of it: its provenance, and what leads to the medium. */
export function tellFinds(webhooks: Pick<Webhooks, 'publish'>): FindWriterOptions['tell'] {
  return async (tx, { id, eventId, item, medium, itemRef, list, version, subject, find }) => {
    const { entry, grade, signal, distance, view, extent, across, sha256, seenAt } = find;
    const data: MatchFoundLater = {
      find: id,
      ...(item === null ? {} : { item: item.id }),
      ...(typeof item?.platform === 'string' ? { platform: item.platform } : {}),
      ...(typeof item?.platformId === 'string' ? { platformId: item.platformId } : {}),
      ...(itemRef === null ? {} : { itemRef }),
      ...(medium === null ? {} : { medium }),
      // Nothing else leads to a medium that came by itself and without a name.
      ...(item === null && itemRef === null ? { sha256: Buffer.from(sha256).toString('hex') } : {}),
      seen: new Date(seenAt).toISOString(),
      ...{ list, version, entry, grade, signal, distance, view, extent, across },
    };
    await webhooks.publish(tx, { message: { type: 'match.found-later', data }, subject, key: id, cause: eventId });
  };
}
