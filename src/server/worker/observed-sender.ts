import type { Config } from '../../config/types.ts';
import { observationOf, provesGateway } from '../../decision/observations.ts';
import { provesDevice } from '../../decision/facts-shared-use.ts';
import type { Facts, MadeDecision } from '../../decision/types.ts';
import type { SharedBoard } from '../../inventory/observed/board.ts';
import { networkOf } from '../../inventory/observed/trail.ts';
import type { Observation } from '../../inventory/observed/types.ts';
import type { Clock } from '../../lib/clock.ts';
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
const mostKeys = 20_000;

/** A key that is known to be shared is told of so often at most, wherever it is used (ms). */
const watchedMs = 1000;

/** The use of a key that was told last. */
interface Told {
  readonly use: Use;
  readonly at: number;
}

/** Everything that makes a use another one. */
type Use = readonly (string | null | undefined)[];

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
  /** By tenant and key. */
  const told = new Map<string, Map<string, Told>>();
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
  const toldOf = (tenant: string): Map<string, Told> => {
    const known = told.get(tenant) ?? new Map<string, Told>();
    if (known.size === 0) told.set(tenant, known);
    return known;
  };
  const isNews = (made: MadeDecision, facts: Facts, key: string): boolean => {
    const known = toldOf(facts.tenant);
    const use = useOf(made, facts);
    const now = clock.monotonic();
    const last = known.get(key);
    const { observed, shared_use: sharing } = rules();
    const pause = Math.min(observed.interval, sharing.window / 4);
    const watched = board.trail(facts.tenant, key).length > 0;
    if (last && now - last.at < (watched ? Math.min(watchedMs, pause) : pause)) {
      if (isSame(last.use, use)) return false;
      if (isSameNetwork(last.use, use, sharing)) {
        known.set(key, { use, at: last.at });
        return false;
      }
    }
    if (known.size >= mostKeys) known.clear();
    known.set(key, { use, at: now });
    return true;
  };
  return {
    note: (made) => {
      const { facts } = made;
      const key = facts?.credential?.key_digest;
      if (!facts || !key) return;
      const vouching = provesGateway(facts) && made.decision.outcome === 'allow';
      if (!(vouching || provesDevice(facts)) || !isNews(made, facts, key)) return;
      if (observations.length >= mostInBatch) {
        told.get(facts.tenant)?.delete(key);
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

/** The address stands first. */
function useOf({ decision }: MadeDecision, facts: Facts): Use {
  const { pep, gateway, connection, credential, device_id: deviceId, attestation } = facts;
  // Whichever of its children a gateway speaks for, and from where, it is the same sight of the gateway.
  if (connection.authenticated_by === 'gateway_asserted')
    return [null, decision.outcome, gateway?.id, credential?.fingerprint];
  return [
    connection.source_ip,
    decision.outcome,
    deviceId,
    credential?.fingerprint,
    gateway?.id,
    pep.name,
    connection.claims.firmware_hash,
    attestation.firmware_hash,
  ];
}

function isSame(a: Use, b: Use, from = 0): boolean {
  // A gateway's word for another and its own connection have different members.
  if (a.length !== b.length) return false;
  for (let index = from; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

/** Whether nothing but the address is another one, and that within the network by which places are compared. */
function isSameNetwork(a: Use, b: Use, prefixes: Config['shared_use']): boolean {
  return isSame(a, b, 1) && networkOf(a[0] ?? null, prefixes) === networkOf(b[0] ?? null, prefixes);
}
