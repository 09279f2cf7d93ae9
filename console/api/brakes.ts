import { json } from './client.js';

/** An emergency stop. */
export interface Stop {
  readonly id: string;
  /** Null: all of them. */
  readonly platform: string | null;
  readonly reason: string;
  readonly stoppedBy: string;
  readonly stopped: string;
  readonly liftedBy: string | null;
  readonly lifted: string | null;
}

/** Those that are on, and the latest that are not. */
export const getStops = async (signal?: AbortSignal) =>
  (await json<{ stops: readonly Stop[] }>('GET', '/v1/stops', { signal })).stops;

/** @param platform undefined for all. @returns how many orders were taken back */
export const stopEnforcement = (platform: string | undefined, reason: string) =>
  json<{ held: number }>('POST', '/v1/stops', { json: { ...(platform !== undefined && { platform }), reason } });

/** @param resume orders again what was held back; else it waits for people */
export const liftStop = (platform: string | undefined, resume: boolean) =>
  json<{ resumed: number }>('POST', '/v1/stops/lift', {
    json: { ...(platform !== undefined && { platform }), resume },
  });

/** An author or a room for whom what rules want waits for a person. */
export interface Exemption {
  readonly id: string;
  readonly platform: string;
  readonly kind: 'account' | 'room';
  /** Of an account our own id. */
  readonly subject: string;
  readonly reason: string;
  readonly until: string;
  readonly state: 'on' | 'over' | 'ended';
  readonly grantedBy: string;
  readonly granted: string;
  readonly endedBy: string | null;
}

export const getExemptions = async (signal?: AbortSignal) =>
  (await json<{ exemptions: readonly Exemption[] }>('GET', '/v1/exemptions', { signal })).exemptions;

/** @param exemption its subject as the platform calls it */
export const addExemption = (exemption: Pick<Exemption, 'platform' | 'kind' | 'subject' | 'reason' | 'until'>) =>
  json<Exemption>('POST', '/v1/exemptions', { json: exemption });

export const endExemption = (id: string) => json<Exemption>('DELETE', `/v1/exemptions/${encodeURIComponent(id)}`);
