import { readFile } from 'node:fs/promises';
import type { Config } from '../../config/types.ts';
import type { Clock, EpochMs } from '../../lib/clock.ts';
import { asPortreeveError, describeThrown, PortreeveError } from '../../lib/errors.ts';
import { parseBundle, readBundleFile } from '../../policy/bundle.ts';
import type { Store } from '../../store/types.ts';
import type { Applied, Brought } from '../sources/types.ts';
import type { StoreHand } from '../helpers/store-hand.ts';
import { admitBeside, type Admitted } from './admit.ts';
import { noBundle, type BundleFile } from './bundle-file.ts';
import { candidates, type Candidate } from './candidates.ts';
import { defaultOrigin, fileSource, usesDefault, type BundleOrigin } from './origin.ts';
import { bundlePin, keepBundle, keptBundle, keptBytes, lastInForce, offeredBundles } from './table.ts';
import { testedUnder } from './tested.ts';
import { tryBundle, type Passed } from './trial.ts';

/** A bundle that has passed everything, or why there is none. */
export interface Chosen {
  readonly file: BundleFile;
  /** Null where there is none that can be used. */
  readonly bundle: ChosenBundle | null;
  /** Why it is not what was asked for; null where it is. */
  readonly error: string | null;
}

export interface ChosenBundle {
  readonly digest: string;
  readonly revision: string;
  readonly origin: BundleOrigin;
  /** Whose signature was verified; null where none need be. */
  readonly keyId: string | null;
  /** Cases of its self-test. */
  readonly cases: number;
}

/** What was in force before, as far as it is asked for. */
export interface Before {
  readonly file: BundleFile;
}

export interface Bundles {
  /** The bundle that is to be in force under a configuration; `before` is what is in force now. Never rejects. */
  choose(config: Config, before: Before | undefined): Promise<Chosen>;
  /** Which bundle that would be, as far as the store alone says; undefined where it says nothing. */
  wanted(config: Config): Candidate | undefined;
  /** Why the bundle of that digest was passed over when one was last chosen; undefined where it was not. */
  problem(digest: string): string | undefined;
  /** Tries what a source has brought, and keeps it as its offer. Throws what does not hold. */
  bring(brought: Brought, origin: BundleOrigin): Promise<Applied & { readonly digest: string }>;
  /** Ends trials that are under way. */
  stop(): void;
}

export interface BundlesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly config: () => Config;
  readonly log: (line: string) => void;
  /** Who does what would hold up decisions; undefined as long as none are made. */
  readonly hand?: () => StoreHand | undefined;
  /** As `tryBundle`, for tests. */
  readonly trial?: typeof tryBundle;
}

/**
 * Which bundle is in force: what an operator has pinned; else what the first source has brought that is not stale; else
 * the file of `policy.bundle`; and whenever that cannot be used, what was good last. Every bundle but the one that ships
 * has its signature verified and is tried in a process of its own before it is named here.
 */
export function openBundles(options: BundlesOptions): Bundles {
  const ending = new AbortController();
  const desk = new Desk(options, ending.signal);
  return {
    choose: (config, before) => desk.choose(config, before),
    wanted: (config) => desk.wanted(config),
    problem: (digest) => desk.problem(digest),
    bring: (brought, origin) => desk.bring(brought, origin),
    stop: () => ending.abort(),
  };
}

class Desk {
  readonly #options: BundlesOptions;
  readonly #signal: AbortSignal;
  /** Trials under way, by digest and what they are made under: whoever asks meanwhile gets the same answer. */
  readonly #trials = new Map<string, Promise<Passed>>();
  /** What was passed over at the last choice, by digest. */
  readonly #problems = new Map<string, string>();

  constructor(options: BundlesOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  wanted(config: Config): Candidate | undefined {
    const { store, clock } = this.#options;
    const pin = bundlePin(store);
    if (pin) return { digest: pin.digest, origin: this.#pinned(pin.digest) };
    return candidates(config, store, clock.now())[0];
  }

  problem(digest: string): string | undefined {
    return this.#problems.get(digest);
  }

  async choose(config: Config, before: Before | undefined): Promise<Chosen> {
    let error: string | null = null;
    let first: unknown;
    this.#problems.clear();
    for (const { what, asked, use, digest } of this.#ways(config, before)) {
      try {
        return { ...(await use()), error };
      } catch (thrown) {
        first ??= thrown;
        const problem = `${what}${asPortreeveError(thrown, 'PDP_BUNDLE_INVALID').message}`;
        if (digest !== undefined) this.#problems.set(digest, problem);
        if (asked) error ??= problem;
        else this.#options.log(`a bundle is not used: ${problem}`);
      }
    }
    first ??= new PortreeveError(
      'PDP_BUNDLE_INVALID',
      'no source of policy.sources has brought a bundle yet',
    );
    const file = noBundle(first);
    return { file, bundle: null, error: error ?? file.message };
  }

  /** Ways to a bundle, the best first; each throws where it leads to none that can be used. */
  *#ways(config: Config, before: Before | undefined): Generator<Way> {
    const { store } = this.#options;
    const pin = read(() => bundlePin(store));
    if (pin) {
      const pinned = { digest: pin.digest, origin: this.#pinned(pin.digest) };
      const what = 'the pinned bundle cannot be used: ';
      yield this.#keptWay(what, pinned, config, true);
    }
    if (usesDefault(config)) {
      yield { what: '', asked: true, use: () => Promise.resolve(shipped()) };
      return;
    }
    const offered = read(() => candidates(config, store, this.#options.clock.now())) ?? [];
    const { bundle } = config.policy;
    for (const one of offered.filter(({ origin }) => origin.source !== fileSource))
      yield this.#keptWay(`${one.origin.source}: `, one, config);
    if (bundle !== null) yield { what: '', asked: true, use: () => this.#fromFile(bundle, config) };
    // What was good last, while nothing better can be had.
    for (const one of offered.filter(({ origin }) => origin.source === fileSource))
      yield this.#keptWay('kept: ', one, config);
    if (config.policy.sources.length === 0) return;
    const last = read(() => lastInForce(store));
    if (last) {
      const { digest, source, location } = last;
      const origin = { source, location, pinned: false };
      yield this.#keptWay('kept: ', { digest, origin }, config);
    }
    if (before && 'bytes' in before.file) {
      const { bytes, origin } = before.file;
      yield {
        ...{ what: 'in force: ', asked: true },
        use: () =>
          origin.location === null ? Promise.resolve(shipped()) : this.#passed(bytes, origin, config),
      };
    }
  }

  #keptWay(what: string, one: Candidate, config: Config, asked = false): Way {
    return { what, asked, digest: one.digest, use: () => this.#kept(one, config) };
  }

  async #kept({ digest, origin }: Candidate, config: Config): Promise<Chosen> {
    const { store } = this.#options;
    const bytes = keptBytes(store, digest);
    if (!bytes) throw new PortreeveError('PDP_BUNDLE_INVALID', `bundle ${digest} is not kept any more`);
    return this.#passed(bytes, origin, config);
  }

  async #fromFile(path: string, config: Config): Promise<Chosen> {
    const origin = { source: fileSource, location: path, pinned: false };
    try {
      return await this.#passed(readBundleFile(path), origin, config);
    } catch (thrown) {
      const { code, message } = asPortreeveError(thrown, 'PDP_BUNDLE_INVALID');
      throw message.startsWith(path)
        ? thrown
        : new PortreeveError(code, `${path}: ${message}`, { cause: thrown });
    }
  }

  /** Bytes whose signature is verified and that have passed their trial, now or before. */
  async #passed(bytes: Uint8Array, origin: BundleOrigin, config: Config): Promise<Chosen> {
    const admitted = await this.#admit(bytes, config);
    const { cases } = await this.#try(bytes, admitted, config);
    const { digest, revision } = admitted;
    try {
      this.#keep({ bytes, admitted, cases, origin, config, now: this.#options.clock.now() });
    } catch (thrown) {
      this.#options.log(`bundle ${digest} is not kept: ${describeThrown(thrown)}`);
    }
    const bundle = { digest, revision, origin, keyId: admitted.keyId, cases };
    return { file: { bytes, origin }, bundle, error: null };
  }

  async bring({ path, now }: Brought, origin: BundleOrigin): Promise<Applied & { readonly digest: string }> {
    const config = this.#options.config();
    const bytes = await readFile(path);
    const admitted = await this.#admit(bytes, config);
    const { cases } = await this.#try(bytes, admitted, config);
    this.#keep({ bytes, admitted, cases, origin, config, now });
    const { digest, revision } = admitted;
    const tests = cases === 1 ? '1 case' : `${cases} cases`;
    return {
      changed: true,
      digest,
      what: `bundle ${digest.slice(0, 12)} (${revision}), self-test of ${tests}`,
    };
  }

  #admit(bytes: Uint8Array, config: Config): Promise<Admitted> {
    return admitBeside(bytes, config, this.#options.hand?.());
  }

  /** Passed before under the same program and data, or now in a process of its own. */
  async #try(bytes: Uint8Array, { digest }: Admitted, config: Config): Promise<Passed> {
    const { store } = this.#options;
    const under = testedUnder(config);
    const known = read(() => keptBundle(store, digest));
    if (known?.tested === under) return { cases: known.cases };
    const key = `${digest} ${under}`;
    let running = this.#trials.get(key);
    if (!running) {
      running = this.#trial(bytes, config).finally(() => this.#trials.delete(key));
      this.#trials.set(key, running);
    }
    return running;
  }

  /** In a process that the hand starts, where there is one. */
  #trial(bytes: Uint8Array, config: Config): Promise<Passed> {
    const { hand, log, trial = tryBundle } = this.#options;
    const other = hand?.();
    if (other) return other.do({ is: 'trial', config, bytes });
    return trial({ config, bytes, log, signal: this.#signal });
  }

  /** Keeps what has passed, once; a pin says nothing of where a bundle comes from. Throws PDP_STORE_UNAVAILABLE. */
  #keep({ bytes, admitted, cases, origin, config, now }: Keeping): void {
    const { store } = this.#options;
    const { digest, revision } = admitted;
    const { source, location } = origin;
    if (location === null || origin.pinned) return;
    const row = keptBundle(store, digest);
    const tested = testedUnder(config);
    const offered = offeredBundles(store).some((offer) => offer.source === source && offer.digest === digest);
    const same = row?.source === source && row.location === location && row.keyId === admitted.keyId;
    if (same && offered && row.tested === tested) return;
    const { keyId } = admitted;
    const kept = { digest, revision, bytes, source, location, broughtAt: now, keyId, tested, cases };
    keepBundle(store, kept, config.policy.keep);
  }

  #pinned(digest: string): BundleOrigin {
    const row = keptBundle(this.#options.store, digest);
    return { source: row?.source ?? fileSource, location: row?.location ?? null, pinned: true };
  }
}

/** One way to a bundle. */
interface Way {
  /** What a problem on it is about, for the log. */
  readonly what: string;
  /** The configuration or an operator has asked for this one: that it cannot be used is an error, not a detour. */
  readonly asked: boolean;
  /** Of what is kept. */
  readonly digest?: string;
  readonly use: () => Promise<Chosen>;
}

interface Keeping {
  readonly bytes: Uint8Array;
  readonly admitted: Admitted;
  readonly cases: number;
  readonly origin: BundleOrigin;
  readonly config: Config;
  readonly now: EpochMs;
}

/** The policy that ships is part of the program, which has tested it. */
function shipped(): Chosen {
  const bytes = readBundleFile(null);
  const { digest, revision } = parseBundle(bytes);
  const bundle = { digest, revision, origin: defaultOrigin, keyId: null, cases: 0 };
  return { file: { bytes, origin: defaultOrigin }, bundle, error: null };
}

/** What a store that cannot be read says: nothing; that it cannot is told elsewhere. */
function read<T>(of: () => T): T | undefined {
  try {
    return of();
  } catch {
    return undefined;
  }
}
