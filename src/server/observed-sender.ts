import type { Config } from '../config/types.ts';
import { observationOf } from '../decision/observations.ts';
import { provesDevice } from '../decision/facts-shared-use.ts';
import type { Facts, MadeDecision } from '../decision/types.ts';
import type { SharedBoard } from '../inventory/observed/board.ts';
import type { Observation } from '../inventory/observed/types.ts';
import type { Clock } from '../lib/clock.ts';
import type { Channel, ToParent } from './channel.ts';

/** The worker's end of what decisions learn. */
export interface ObservedSender {
  /** Looks at a decision that was answered; nobody waits for what comes of it. */
  note(made: MadeDecision): void;
  /** Sends what is waiting, at the end of a drain. */
  flush(): Promise<void>;
}

/** Between two batches (ms), and how many observations each may have; what is more is dropped and counted. */
const [batchMs, mostInBatch] = [25, 256];

/** Keys whose last place is remembered. */
const mostKeys = 50_000;

/** A key that is known to be shared is told of so often at most, wherever it is used (ms). */
const watchedMs = 1000;

interface Told {
  readonly place: string;
  readonly at: number;
}

/**
 * Tells the parent what decisions learn, in bounded batches. The same use of the same key again is told only once in a
 * quarter of the window in which uses are compared, so that a fleet that reconnects costs next to nothing.
 */
export function createObservedSender(
  channel: Pick<Channel<ToParent>, 'send'>,
  board: SharedBoard,
  clock: Pick<Clock, 'monotonic'>,
  rules: () => Pick<Config, 'observed' | 'shared_use'>,
): ObservedSender {
  const told = new Map<string, Told>();
  let observations: Observation[] = [];
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  const send = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const message = { kind: 'observed', observations, dropped } as const;
    observations = [];
    dropped = 0;
    if (message.observations.length > 0) await channel.send(message);
  };
  const isNews = (made: MadeDecision, facts: Facts, key: string): boolean => {
    const name = `${facts.tenant}\0${key}`;
    const place = placeName(made, facts);
    const now = clock.monotonic();
    const last = told.get(name);
    const pause = Math.min(rules().observed.interval, rules().shared_use.window / 4);
    const watched = board.trail(facts.tenant, key).length > 0;
    if (last?.place === place && now - last.at < (watched ? Math.min(watchedMs, pause) : pause)) return false;
    if (told.size >= mostKeys) told.clear();
    told.set(name, { place, at: now });
    return true;
  };
  return {
    note: (made) => {
      const { facts } = made;
      const key = facts?.credential?.key_digest;
      if (!facts || !key || !provesDevice(facts) || !isNews(made, facts, key)) return;
      if (observations.length >= mostInBatch) {
        told.delete(`${facts.tenant}\0${key}`);
        dropped += 1;
        return;
      }
      const observation = observationOf(made, rules().shared_use);
      if (observation === undefined) return;
      observations.push(observation);
      // A failed send ends the worker through the channel's own `broken`.
      timer ??= setTimeout(() => void send().catch(() => undefined), batchMs);
    },
    flush: () => send().catch(() => undefined),
  };
}

/** Everything that makes a use another one; compared only. */
function placeName({ decision }: MadeDecision, facts: Facts): string {
  const { pep, gateway, connection, credential, device_id: deviceId, attestation } = facts;
  return [
    decision.outcome,
    deviceId,
    credential?.fingerprint,
    gateway?.id,
    pep.name,
    connection.source_ip,
    connection.claims.firmware_hash,
    attestation.firmware_hash,
  ].join('\0');
}
