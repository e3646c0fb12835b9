import type { Config } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';
import type { OcspResponder } from '../../revocation/ocsp/knowledge.ts';
import {
  forgetOtherSigners,
  makeDue,
  noteUses,
  pruneAnswers,
  readDue,
  type OcspKey,
} from '../../revocation/ocsp/table.ts';
import { forgetSourceState, readSourceState, writeSourceState } from '../../store/source-states.ts';
import type { SourceState } from '../../store/source-states.ts';
import type { Store } from '../../store/types.ts';
import type { Authorities } from '../loaded.ts';
import { viewOf } from '../sources/source-view.ts';
import type { SourceView } from '../sources/types.ts';
import { Asker, signersDigest, type Asked } from './asker.ts';
import { askResponder } from './exchange.ts';
import { keepAsked } from './keep-asked.ts';
import { signerStatuses } from './signer-statuses.ts';

/** What is in force, as far as responders are concerned. */
export interface OcspInForce {
  readonly config: Config;
  readonly authorities: Authorities;
  /** Another object for every other configuration. */
  readonly responders: ReadonlyMap<string, OcspResponder>;
}

export interface OcspOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly inForce: () => OcspInForce;
  readonly log: (line: string) => void;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** Asks responders in the background; decisions read what they answered from the store. */
export interface OcspAsking {
  /** Takes the certificates that decisions were made about. */
  take(certificates: readonly OcspKey[]): void;
  views(): readonly SourceView[];
  /** Asks again now: responders that were down, and about certificates that are in use. */
  ask(): void;
  stop(): Promise<void>;
}

/** How often it is looked what is due, and how soon after something new (ms). */
const [tickMs, soonMs] = [250, 20];
/** How often the state of responders is written (ms). */
const stateMs = 2000;
const pruneMs = 10 * 60_000;

/** A certificate counts as in use for so long after a connection (ms): its answer is asked for again before its end. */
export const inUseMs = 24 * 3_600_000;
/** So long after its last use a certificate is forgotten (ms). */
const forgetMs = 30 * 24 * 3_600_000;
/** Rows that are forgotten at once. */
const pruneRows = 500;
/** Certificates that may wait to be written down; more are told again by the workers. */
const mostWaiting = 20_000;
/** Uses that are written in one transaction; a certificate's is not written again so soon (ms). */
const [usesAtOnce, notedMs, mostNoted] = [1000, 60_000, 50_000];
/** Certificates that are made due at once. */
const hurriedRows = 10_000;
/** Certificates of one responder that are looked up at once. */
const dueRows = 64;

/** Starts to ask the responders that are in force, now and after reloads. */
export function startOcsp(options: OcspOptions): OcspAsking {
  const { store, clock, inForce, log, random = Math.random } = options;
  const ending = new AbortController();
  const wanted = new Map<string, OcspKey>();
  const noted = new Map<string, number>();
  let asked: Asked[] = [];
  let madeFor: OcspInForce['responders'] | undefined;
  let askers = new Map<string, Asker>();
  const failing = new Set<string>();
  let soon: NodeJS.Timeout | undefined;
  const written = new Map<string, SourceState>();

  const guarded = (what: string, act: () => void): boolean => {
    try {
      act();
      failing.delete(what);
      return true;
    } catch (thrown) {
      if (!failing.has(what)) log(`OCSP: ${what} fails: ${describeThrown(thrown)}`);
      failing.add(what);
      noted.clear();
      return false;
    }
  };
  const statuses = signerStatuses(store, inForce);
  const make = (responder: OcspResponder): Asker =>
    new Asker(responder, readSourceState(store, 'ocsp', responder.name), {
      ...{ clock, random, log },
      ask: (of, serial) =>
        askResponder(of, serial, {
          now: () => clock.now(),
          signal: ending.signal,
          signerStatus: (signer) => statuses(signer, of.issuer, clock.now()),
        }),
      onAsked: (one) => {
        if (ending.signal.aborted) return;
        asked.push(one);
        hurry();
      },
    });
  /** A signer that is configured no more may have been stolen: what it said was good is asked for again. */
  const forgetOthers = (issuerKey: string, responder: OcspResponder): void => {
    const { name, issuer, signers } = responder;
    if (readSourceState(store, 'ocsp', name)?.digest === signersDigest(responder)) return;
    const keys = [issuer, ...signers].map(({ keyDigest }) => keyDigest);
    const forgotten = forgetOtherSigners(store, { issuerKey, keys, now: clock.now() });
    if (forgotten > 0)
      log(`OCSP: other signers are configured for ${name}: ${forgotten} answers are asked for again`);
  };
  const reconfigure = (): void => {
    const { responders } = inForce();
    if (responders === madeFor) return;
    writeStates();
    const names = new Set([...responders.values()].map(({ name }) => name));
    for (const { state } of askers.values())
      if (!names.has(state.name)) forgetSourceState(store, 'ocsp', state.name);
    for (const [issuerKey, responder] of responders) forgetOthers(issuerKey, responder);
    askers = new Map([...responders].map(([key, responder]) => [key, make(responder)]));
    madeFor = responders;
  };
  /** What is to be written of what is wanted: not again what was written just now, and not all at once. */
  const takeUses = (responders: OcspInForce['responders'], now: number): readonly OcspKey[] => {
    const uses: OcspKey[] = [];
    for (const [name, key] of wanted) {
      if (uses.length === usesAtOnce) break;
      wanted.delete(name);
      if (!responders.has(key.issuerKey) || Math.abs(now - (noted.get(name) ?? -Infinity)) < notedMs)
        continue;
      if (noted.size >= mostNoted) noted.clear();
      noted.set(name, now);
      uses.push(key);
    }
    return uses;
  };
  const flush = (): void => {
    const { responders, config } = inForce();
    const now = clock.now();
    const uses = takeUses(responders, now);
    const done = asked;
    if (uses.length === 0 && done.length === 0) return;
    asked = [];
    try {
      store.transact(() => {
        noteUses(store, uses, now);
        for (const one of done) keepAsked(store, one, { responders, config, now, random: random() });
      });
    } catch (thrown) {
      // All of it waits, and nobody is asked meanwhile.
      asked = [...done, ...asked];
      for (const key of uses) wanted.set(`${key.issuerKey}:${key.serial}`, key);
      throw thrown;
    }
  };
  const pump = (): void => {
    const now = clock.now();
    for (const [issuerKey, asker] of askers) {
      if (asker.room() === 0) continue;
      asker.ask(readDue(store, { issuerKey, now, usedSince: now - inUseMs, limit: dueRows + asker.asking }));
    }
  };
  const tick = (): void => {
    clearTimeout(soon);
    soon = undefined;
    guarded('taking over responders', reconfigure);
    // What cannot be written down is not asked for: it would be asked for again at once.
    if (guarded('keeping answers', flush)) guarded('looking for what is due', pump);
  };
  const hurry = (): void => void (soon ??= setTimeout(tick, soonMs));
  function writeStates(): void {
    for (const { state } of askers.values()) {
      if (written.get(state.name) === state || state.lastAttempt === null) continue;
      writeSourceState(store, state);
      written.set(state.name, state);
    }
  }
  const timers = [
    setInterval(tick, tickMs),
    setInterval(() => guarded('keeping states', writeStates), stateMs),
    setInterval(
      () => guarded('forgetting', () => void pruneAnswers(store, clock.now() - forgetMs, pruneRows)),
      pruneMs,
    ),
  ];
  return {
    take: (certificates) => {
      for (const one of certificates)
        if (wanted.size < mostWaiting) wanted.set(`${one.issuerKey}:${one.serial}`, one);
      hurry();
    },
    views: () => [...askers.values()].map(({ state }) => viewOf(state, null, clock.now())),
    ask: () => {
      for (const asker of askers.values()) asker.wake();
      const now = clock.now();
      if (askers.size > 0)
        guarded('looking for what is due', () => makeDue(store, now, now - inUseMs, hurriedRows));
      hurry();
    },
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      clearTimeout(soon);
      guarded('keeping answers', flush);
      guarded('keeping states', writeStates);
      ending.abort();
    },
  };
}
