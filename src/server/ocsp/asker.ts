import { sha256Hex } from '../../lib/bytes.ts';
import type { Clock } from '../../lib/clock.ts';
import type { PortreeveError } from '../../lib/errors.ts';
import type { OcspResponder } from '../../revocation/ocsp/knowledge.ts';
import type { OcspDue } from '../../revocation/ocsp/table.ts';
import type { SourceState } from '../../store/source-states.ts';
import { newState } from '../sources/source-view.ts';
import type { Exchange } from './exchange.ts';
import { afterOutage } from './next-fetch.ts';

/** A certificate that was asked about, and what came of it. */
export interface Asked {
  readonly due: OcspDue;
  readonly exchange: Exchange;
}

export interface AskerOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly ask: (responder: OcspResponder, serial: string) => Promise<Exchange>;
  readonly onAsked: (asked: Asked) => void;
  readonly log: (line: string) => void;
}

/** Which configured certificates may sign for a responder: with others, what was answered before is not theirs. */
export function signersDigest({ signers }: Pick<OcspResponder, 'signers'>): string {
  return sha256Hex(Buffer.from(JSON.stringify(signers.map(({ keyDigest }) => keyDigest).toSorted())));
}

/** Exchanges with one responder at the same time. */
const mostAtOnce = 8;

/**
 * Asks one responder: each certificate once at a time, no faster than the configuration lets, and one alone while the
 * responder was down the last time.
 */
export class Asker {
  readonly #responder: OcspResponder;
  readonly #o: AskerOptions;
  readonly #asking = new Set<string>();
  #tokens: number;
  #filledAt: number;
  #outages = 0;
  /** Monotonic, so that a clock that is put back does not lengthen a pause. */
  #pausedUntil = -Infinity;
  #state: SourceState;

  constructor(responder: OcspResponder, known: SourceState | undefined, o: AskerOptions) {
    this.#responder = responder;
    this.#o = o;
    this.#tokens = responder.ratePerSecond;
    this.#filledAt = o.clock.monotonic();
    const state = known?.location === responder.url ? known : newState('ocsp', responder.name, responder.url);
    this.#state = { ...state, digest: signersDigest(responder) };
  }

  /** What is known of the responder. */
  get state(): SourceState {
    return this.#state;
  }

  /** How many more certificates could be asked about now. */
  room(): number {
    if (this.#o.clock.monotonic() < this.#pausedUntil) return 0;
    this.#fill();
    const atOnce = this.#outages > 0 ? 1 : mostAtOnce;
    return Math.max(0, Math.min(atOnce - this.#asking.size, Math.floor(this.#tokens)));
  }

  /** Certificates that are being asked about just now. */
  get asking(): number {
    return this.#asking.size;
  }

  /** Begins to ask about as many of these as there is room for. */
  ask(due: readonly OcspDue[]): void {
    for (const one of due.filter(({ serial }) => !this.#asking.has(serial)).slice(0, this.room())) {
      this.#tokens -= 1;
      this.#asking.add(one.serial);
      void this.#askOne(one);
    }
  }

  /** Does not wait for the end of a pause. */
  wake(): void {
    this.#pausedUntil = -Infinity;
  }

  async #askOne(due: OcspDue): Promise<void> {
    this.#state = { ...this.#state, lastAttempt: this.#o.clock.now() };
    const exchange = await this.#o.ask(this.#responder, due.serial);
    this.#asking.delete(due.serial);
    if (exchange.answer) this.#succeeded();
    else this.#failed(exchange);
    this.#o.onAsked({ due, exchange });
  }

  #succeeded(): void {
    if (this.#state.error) this.#o.log(`OCSP responder of ${this.#responder.name} answers again`);
    this.#outages = 0;
    this.#pausedUntil = -Infinity;
    const lastSuccess = this.#o.clock.now();
    this.#state = { ...this.#state, lastSuccess, nextFetch: null, failures: 0, error: null };
  }

  #failed({ error, general, retryAfter }: Extract<Exchange, { error: PortreeveError }>): void {
    const { code, message } = error;
    if (this.#state.error?.message !== message)
      this.#o.log(`OCSP responder of ${this.#responder.name} gives no answer that can be used: ${message}`);
    const failures = this.#state.failures + 1;
    this.#state = { ...this.#state, failures, error: { code, message } };
    if (!general) return;
    this.#outages += 1;
    const now = this.#o.clock.now();
    const nextFetch = afterOutage(now, this.#outages, retryAfter, this.#o.random());
    this.#pausedUntil = this.#o.clock.monotonic() + (nextFetch - now);
    this.#state = { ...this.#state, nextFetch };
  }

  #fill(): void {
    const now = this.#o.clock.monotonic();
    const { ratePerSecond: rate } = this.#responder;
    this.#tokens = Math.min(rate, this.#tokens + ((now - this.#filledAt) / 1000) * rate);
    this.#filledAt = now;
  }
}
