import type { Verifier } from '../attestation/types.ts';
import type { RefusedChange } from '../audit/acts.ts';
import { configDigest } from '../config/digest.ts';
import type { Config } from '../config/types.ts';
import type { Clock, EpochMs } from '../lib/clock.ts';
import { asPortreeveError } from '../lib/errors.ts';
import type { OcspResponder } from '../revocation/ocsp/knowledge.ts';
import { keepVersions } from './records/keep-versions.ts';
import type { Bundles, Chosen, ChosenBundle } from './bundles/bundles.ts';
import { anchorsDigest, loadAuthorities, loadPeps } from './loaded.ts';
import type { Authorities } from './loaded.ts';
import { readFiles } from './material.ts';
import type { FileMaterial, Material } from './material.ts';
import { ocspResponders } from './ocsp/responders.ts';
import { loadVerifiers } from './verifiers.ts';

/** What is in force, as far as a reload can change it. */
export interface InForce {
  readonly config: Config;
  /** The bytes that everything in force was made from; workers are made from them too. */
  readonly material: Material;
  readonly authorities: Authorities;
  /** Digest of the authorities: `versions.anchors`. */
  readonly anchors: string;
  /** Whose attestation results count, with the keys of their files. */
  readonly verifiers: readonly Verifier[];
  /** OCSP responders by the digest of their CA's key. */
  readonly responders: ReadonlyMap<string, OcspResponder>;
  /** The bundle, which has passed its self-test, and when it was loaded; null where there is none that can be used. */
  readonly bundle: (ChosenBundle & { readonly loadedAt: EpochMs }) | null;
  readonly bundleError: string | null;
  /** Why what decisions name by digest could not be kept for replay; null where it could. */
  readonly keepError: string | null;
}

export interface ReloadState {
  current(): InForce;
  /** Why the last attempt was refused; null once one has succeeded. */
  lastError(): { readonly at: EpochMs; readonly message: string } | null;
  /** Keys whose change waits for the next start. */
  restartNeeded(): readonly string[];
  /** Loads again and puts in force; never rejects. `why` is for the log. */
  reload(why: string): Promise<void>;
  /**
   * Loads again what files have changed; never rejects. Where that is the file of `policy.bundle` alone, all else is left
   * as it is, and workers keep what they remember of certificates and devices.
   */
  changed(paths: readonly string[]): Promise<void>;
  /**
   * Puts the bundle in force that is to be by now, under all else as it is; never rejects, and answers why not where it
   * was refused.
   */
  rebundle(why: string): Promise<string | null>;
  /**
   * Keeps what could not be kept for replay when it came into force; undefined where nothing is lacking. Rejects with
   * PDP_AUDIT_UNAVAILABLE for as long as it cannot be written.
   */
  keep(): Promise<void> | undefined;
}

export interface ReloadOptions {
  readonly first: InForce;
  /** Reads the configuration file anew; throws PDP_CONFIG_INVALID with all problems. */
  readonly load: () => Config;
  readonly clock: Clock;
  readonly bundles: Pick<Bundles, 'choose'>;
  readonly log: (line: string) => void;
  /** Called with what is to be in force (`current` answers it already); a rejection takes it back. */
  readonly apply: (next: InForce, before: InForce) => Promise<void>;
  /** Told of a configuration that did not come into force. */
  readonly onRefused?: (refused: RefusedChange) => void;
}

/**
 * Everything that a configuration needs to be in force. A bundle that cannot be used is told in `bundleError`;
 * anchors and PEPs throw (PDP_CONFIG_INVALID). What cannot be kept for replay is told in `keepError` at a start, where
 * nothing else is in force that could stay, and with `audit.on_failure: continue`; otherwise it throws
 * (PDP_AUDIT_UNAVAILABLE).
 */
export async function prepare(
  config: Config,
  before: InForce | undefined,
  { clock, bundles }: Pick<ReloadOptions, 'clock' | 'bundles'>,
): Promise<InForce> {
  const files = readFiles(config);
  const authorities = loadAuthorities(config, files.certificates);
  loadPeps(config, files.certificates, () => []);
  const responders = ocspResponders(config, authorities, files.certificates);
  const verifiers = await loadVerifiers(config, files);
  const chosen = await bundles.choose(config, before && { file: before.material.bundle });
  const anchors = anchorsDigest(authorities);
  return withBundle({ config, files, authorities, anchors, verifiers, responders }, chosen, before, clock);
}

/** The same with another bundle. */
async function prepareBundle(
  before: InForce,
  { clock, bundles }: Pick<ReloadOptions, 'clock' | 'bundles'>,
): Promise<InForce> {
  const chosen = await bundles.choose(before.config, { file: before.material.bundle });
  return withBundle({ ...before, files: before.material }, chosen, before, clock);
}

type WithoutBundle = Pick<InForce, 'config' | 'authorities' | 'anchors' | 'verifiers' | 'responders'> & {
  readonly files: FileMaterial;
};

async function withBundle(
  { config, files, authorities, anchors, verifiers, responders }: WithoutBundle,
  { file, bundle, error }: Chosen,
  before: InForce | undefined,
  clock: Clock,
): Promise<InForce> {
  const { certificates, verifierKeys } = files;
  const material: Material = { certificates, verifierKeys, bundle: file };
  const same = bundle !== null && before?.bundle?.digest === bundle.digest;
  return {
    ...{ config, material, authorities, anchors, verifiers, responders },
    bundle: bundle && { ...bundle, loadedAt: same ? before.bundle.loadedAt : clock.now() },
    bundleError: error,
    keepError: await tryKeep(config, authorities, material, before !== undefined),
  };
}

/** A full volume is no reason to answer nobody at all; a change that can wait for room waits. */
async function tryKeep(
  config: Config,
  authorities: Authorities,
  material: Material,
  canWait: boolean,
): Promise<string | null> {
  try {
    await keepVersions(config, authorities, material);
    return null;
  } catch (thrown) {
    if (canWait && config.audit.on_failure === 'deny') throw thrown;
    return asPortreeveError(thrown).message;
  }
}

/** Holds what is in force and replaces it, one reload after another; what does not check leaves the old in force. */
export function holdInForce(options: ReloadOptions): ReloadState {
  let current = options.first;
  let lastError: ReturnType<ReloadState['lastError']> = null;
  let restartNeeded: readonly string[] = [];
  let last: Promise<void> = Promise.resolve();

  const replace = async (
    why: string,
    make: (before: InForce) => Promise<InForce>,
  ): Promise<string | null> => {
    const before = current;
    try {
      const next = await make(before);
      if (next.bundleError !== null && before.bundle) throw new Error(next.bundleError);
      // Workers forget nothing, and no record says that anything came into force, where nothing did.
      if (next.config === before.config && isSameBundle(next, before)) return null;
      current = next;
      await options.apply(next, before);
      options.log(`${why}: in force${restartNeeded.length > 0 ? restartNote(restartNeeded) : ''}`);
      return null;
    } catch (thrown) {
      const { message } = asPortreeveError(thrown);
      if (current !== before) {
        current = before;
        await options.apply(before, before).catch(() => undefined);
      }
      options.log(`${why}: refused, the old one stays in force: ${message}`);
      return message;
    }
  };
  const reloaded = async (before: InForce): Promise<InForce> => {
    const loaded = options.load();
    restartNeeded = lastingKeys.filter((key) => differs(loaded[key], before.config[key]));
    return prepare(withLastingKeys(loaded, before.config), before, options);
  };
  const attempt = async (why: string, make: (before: InForce) => Promise<InForce>): Promise<void> => {
    const message = await replace(why, make);
    lastError = message === null ? null : { at: options.clock.now(), message };
    if (message !== null)
      options.onRefused?.({ what: 'configuration', selector: null, occasion: why, problem: message });
  };

  return {
    current: () => current,
    lastError: () => lastError,
    restartNeeded: () => restartNeeded,
    reload: (why) => {
      last = last.then(() => attempt(why, reloaded));
      return last;
    },
    changed: (paths) => {
      last = last.then(() => {
        // What did not load before is not good because another file is.
        const bundleAlone =
          lastError === null && paths.every((path) => path === current.config.policy.bundle);
        const make = bundleAlone ? (before: InForce) => prepareBundle(before, options) : reloaded;
        return attempt(`change of ${paths.join(', ')}`, make);
      });
      return last;
    },
    rebundle: (why) => {
      const done = last.then(() => replace(why, (before) => prepareBundle(before, options)));
      last = done.then(() => undefined);
      return done;
    },
    keep: () => {
      if (current.keepError === null) return undefined;
      const done = last.then(async () => {
        const { config, authorities, material } = current;
        await keepVersions(config, authorities, material);
        current = { ...current, keepError: null };
      });
      last = done.catch(() => undefined);
      return done;
    },
  };
}

function isSameBundle(a: InForce, b: InForce): boolean {
  const [one, other] = [a, b].map(({ bundle, bundleError, keepError }) => [
    ...[bundle?.digest, bundle?.origin, bundle?.keyId, bundle?.cases],
    ...[bundleError, keepError],
  ]);
  return !differs(one, other);
}

/** Sections that sockets, files and processes were made from at the start. */
const lastingKeys = ['state', 'server', 'audit'] as const;

function withLastingKeys(loaded: Config, running: Config): Config {
  return { ...loaded, state: running.state, server: running.server, audit: running.audit };
}

function differs(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}

function restartNote(keys: readonly string[]): string {
  return ` (changes of ${keys.join(', ')} wait for a restart)`;
}

/** Files whose change makes another configuration: itself, the bundle and every certificate that it names. */
export function watchedFiles(config: Config): readonly string[] {
  return [
    config.file,
    ...(config.policy.bundle === null ? [] : [config.policy.bundle]),
    ...[...config.trust.anchors, ...config.trust.intermediates, ...config.trust.pep_cas].map(
      ({ file }) => file,
    ),
    ...config.attestation.verifiers.flatMap(({ keys }) => keys.file ?? []),
    ...config.policy.signed_by.map(({ file }) => file),
  ];
}

/** Digests of what is in force, for the records of acts. */
export function digestsOf(inForce: InForce): {
  readonly configuration: string;
  readonly bundle: string | null;
} {
  return { configuration: configDigest(inForce.config), bundle: inForce.bundle?.digest ?? null };
}
