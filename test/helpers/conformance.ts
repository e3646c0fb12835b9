import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { PresentedCredential } from '../../src/context/types.ts';
import { judgeCredential } from '../../src/identity/judge.ts';
import { parseCertificate } from '../../src/identity/parse.ts';
import { createIdentityResolver } from '../../src/identity/resolver.ts';
import { buildTrustSet } from '../../src/identity/trust.ts';
import type { Certificate } from '../../src/identity/types.ts';
import { sha256HexOfParts } from '../../src/lib/bytes.ts';
import type { EpochMs } from '../../src/lib/clock.ts';
import { PortreeveError } from '../../src/lib/errors.ts';
import { importCrl } from '../../src/revocation/import-crl.ts';
import { judgeRevocation } from '../../src/revocation/judge.ts';
import { createRevocationReader } from '../../src/revocation/reader.ts';
import { openStore } from '../../src/store/open.ts';
import { needing } from './skip.ts';
import { root } from './source-files.ts';

/** Folder of the outside suites. */
export const suiteFolder = process.env.CONFORMANCE_DIR ?? join(root, '../shared/conformance');

/** `test` for what reads the outside suites. */
export const withSuites = needing(
  existsSync(suiteFolder)
    ? undefined
    : `no outside suites at ${suiteFolder}; name their folder in CONFORMANCE_DIR`,
);

export interface SuiteCase {
  readonly anchors: readonly Uint8Array[];
  /** Intermediates in any order. */
  readonly sent: readonly Uint8Array[];
  readonly leaf: Uint8Array;
  readonly crls: readonly Uint8Array[];
  readonly at: EpochMs;
  readonly requireRevocation: boolean;
}

/**
 * Whether the product's own flow accepts a case: anchors compiled, CRLs imported into a store, path resolved and
 * judged, revocation judged. Anything that is refused on the way counts as not accepted.
 */
export async function accepts(suiteCase: SuiteCase): Promise<boolean> {
  const { leaf, sent, at } = suiteCase;
  try {
    const trust = buildTrustSet({
      anchors: suiteCase.anchors.map((certificate, index) => ({
        name: `anchor-${index}`,
        certificate,
        profile: { kind: 'ieee_802_1ar' },
        revocation: { required: suiteCase.requireRevocation, graceMs: 0 },
        allowSha1: true,
      })),
      intermediates: [],
    });
    const material = { form: 'der', chain: [leaf, ...sent] } as const;
    const presented: PresentedCredential = {
      key: sha256HexOfParts(material.chain),
      source: 'peer_chain',
      material,
    };
    const resolved = createIdentityResolver(trust, { maxEntries: 1 }).resolve(presented);
    const judged = judgeCredential(resolved, at);
    if (judged.path === undefined) return false;
    return await isUnrevoked(judged.path, suiteCase);
  } catch (thrown) {
    if (thrown instanceof PortreeveError) return false;
    throw thrown;
  }
}

async function isUnrevoked(
  path: Parameters<typeof judgeRevocation>[0],
  { crls, sent, leaf, at, anchors }: SuiteCase,
): Promise<boolean> {
  const store = openStore({ path: ':memory:', mode: 'read_write', now: at });
  try {
    const issuers = [...anchors, ...sent, leaf].flatMap((der) => parsed(der));
    for (const bytes of crls) {
      await importCrl(store, {
        bytes,
        issuers,
        source: 'suite',
        now: at,
        actor: 'suite',
        why: 'suite',
      }).catch((thrown: unknown) => {
        if (!(thrown instanceof PortreeveError)) throw thrown;
      });
    }
    const { findings } = judgeRevocation(path, createRevocationReader(store), at);
    return findings.every((finding) => finding.code === 'revocation.status_unknown');
  } finally {
    store.close();
  }
}

function parsed(der: Uint8Array): readonly Certificate[] {
  try {
    return [parseCertificate(der)];
  } catch {
    return [];
  }
}

/** Checks a suite's result: no false accept, and at least as many right answers as are known to be reached. */
export function judgeSuite(
  t: ExecutionContext,
  results: readonly { readonly id: string; readonly expected: boolean; readonly actual: boolean }[],
  floor: number,
): void {
  const right = results.filter((result) => result.expected === result.actual).length;
  const falseAccepts = results
    .filter((result) => result.actual && !result.expected)
    .map((result) => result.id);
  t.log(`${right}/${results.length} right, ${falseAccepts.length} false accepts`);
  t.deepEqual(falseAccepts, []);
  t.true(right >= floor, `${right} right answers, fewer than the ${floor} reached before`);
}
