import type { Config } from '../../config/types.ts';
import type { EpochMs } from '../../lib/clock.ts';
import type { OcspResponder } from '../../revocation/ocsp/knowledge.ts';
import { saveAnswer, saveFailure } from '../../revocation/ocsp/table.ts';
import type { Store } from '../../store/types.ts';
import type { Asked } from './asker.ts';
import { afterAnswer, afterNoAnswer } from './next-fetch.ts';

export interface KeepOptions {
  readonly responders: ReadonlyMap<string, OcspResponder>;
  readonly config: Config;
  readonly now: EpochMs;
  /** Uniform in [0, 1). */
  readonly random: number;
}

/** Keeps what came of one exchange, and when its certificate is asked about again. Only within `transact`. */
export function keepAsked(store: Store, { due, exchange }: Asked, o: KeepOptions): void {
  const { issuerKey, serial } = due;
  const { now, random } = o;
  const responder = o.responders.get(issuerKey);
  // Meanwhile another configuration is in force, under which nobody asks about it.
  if (!responder) return;
  const failures = due.failures + 1;
  if (exchange.answer) {
    const { answer } = exchange;
    const nextFetch = afterAnswer(answer, shortest(responder.maxAge, o.config), now, random);
    if (saveAnswer(store, { issuerKey, serial, answer, now, nextFetch, responder: responder.url })) return;
  }
  saveFailure(store, { ...due, failures }, afterNoAnswer(now, failures, retryAfter(exchange), random));
}

function retryAfter(exchange: Asked['exchange']): number | undefined {
  return exchange.answer ? undefined : exchange.retryAfter;
}

/** An answer has to be renewed before any anchor finds it too old. */
function shortest(maxAge: number | null, { trust }: Config): number | null {
  const ages = [maxAge, ...trust.anchors.map(({ revocation }) => revocation.max_age)].filter(
    (age) => age !== null,
  );
  return ages.length === 0 ? null : Math.min(...ages);
}
