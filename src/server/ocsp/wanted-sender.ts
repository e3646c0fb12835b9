import type { MadeDecision } from '../../decision/types.ts';
import type { Clock } from '../../lib/clock.ts';
import type { OcspKey } from '../../revocation/ocsp/table.ts';
import type { Channel, ToParent } from '../worker/channel.ts';

/** The worker's end: tells the parent about which certificates responders are to be asked. */
export interface WantedSender {
  /** Looks at a decision that was answered; nobody waits for what comes of it. */
  note(made: Pick<MadeDecision, 'facts'>): void;
  /** Sends what is waiting, at the end of a drain. */
  flush(): Promise<void>;
}

/** Between two batches (ms), and how many certificates each may have; what is more is told the next time. */
const [batchMs, mostInBatch] = [25, 256];

/** Certificates that were told of are remembered; so many at most. */
const mostRemembered = 50_000;

/** How often it is told that a certificate is still in use, and that an answer is missing (ms). */
const [useMs, missingMs] = [10 * 60_000, 1000];

/**
 * Tells the parent which certificates are in use whose status responders are configured for: at once where there is no
 * answer yet, now and then where there is one, so that it is asked for again in time.
 */
export function createWantedSender(
  channel: Pick<Channel<ToParent>, 'send'>,
  clock: Pick<Clock, 'monotonic'>,
): WantedSender {
  const told = new Map<string, number>();
  const waiting = new Map<string, OcspKey>();
  let timer: NodeJS.Timeout | undefined;
  const send = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const certificates = [...waiting.values()];
    waiting.clear();
    if (certificates.length > 0) await channel.send({ kind: 'ocsp_wanted', certificates });
  };
  const note = (key: OcspKey, pause: number): void => {
    const name = `${key.issuerKey}:${key.serial}`;
    const now = clock.monotonic();
    const last = told.get(name);
    if ((last !== undefined && now - last < pause) || waiting.size >= mostInBatch) return;
    if (told.size >= mostRemembered) told.clear();
    told.set(name, now);
    waiting.set(name, key);
    // A failed send ends the worker through the channel's own `broken`.
    timer ??= setTimeout(() => void send().catch(() => undefined), batchMs);
  };
  return {
    note: ({ facts }) => {
      for (const { ocsp, issuer_key: issuerKey, serial, freshness } of facts?.revocation ?? []) {
        if (!ocsp || ocsp.responder === null) continue;
        const isMissing = ocsp.answer === null || freshness === 'missing' || freshness === 'stale';
        note({ issuerKey, serial }, isMissing ? missingMs : useMs);
      }
    },
    flush: () => send().catch(() => undefined),
  };
}
