import { readFile } from 'node:fs/promises';
import { applyKeys } from '../../attestation/keys/apply-keys.ts';
import type { Config, VerifierConfig } from '../../config/types.ts';
import type { Store } from '../../store/types.ts';
import { keySource } from '../verifiers.ts';
import { mayVisit, usualJitter } from './file-or-url.ts';
import type { Applied, Brought, SourceEntry, SourceLocation, SourceSpec } from './types.ts';

/** The sources of verifiers' keys, as they are configured. */
export function keyEntries({ attestation }: Config): readonly SourceEntry[] {
  return attestation.verifiers.map(entryOf);
}

/**
 * The sources of verifiers' keys. A file's keys are in force by the configuration as well; they are kept here too, so that
 * those which vanish from it have their overlap.
 */
export function keySources({ attestation }: Config, store: Store): SourceSpec[] {
  return attestation.verifiers.map((verifier) => ({
    ...entryOf(verifier),
    apply: (brought) => apply(brought, verifier, store),
  }));
}

function entryOf(verifier: VerifierConfig): SourceEntry {
  const { interval, timeout, max_bytes, max_age } = verifier.keys;
  return {
    kind: 'jwks',
    name: verifier.name,
    location: locationOf(verifier),
    ...{ interval, jitter: usualJitter, timeout, max_bytes, max_age },
    signed_by: null,
  };
}

function locationOf({ keys }: VerifierConfig): SourceLocation {
  const { url, file, ca, headers_file, redirects } = keys;
  if (url === null) return { file: file ?? '' };
  return { url, ca, headers_file, mayVisit: mayVisit(redirects) };
}

async function apply({ path, now }: Brought, verifier: VerifierConfig, store: Store): Promise<Applied> {
  const { changed, keys, added, removed } = await applyKeys(store, {
    verifier: verifier.name,
    source: keySource(verifier),
    bytes: await readFile(path),
    ...{ now, actor: 'server', why: 'background source' },
  });
  const what = `keys of verifier ${verifier.name}: ${keys}, ${added.length} new, ${removed.length} gone`;
  return { changed, ...(changed && { what }) };
}
