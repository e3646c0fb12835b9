import test from 'ava';
import type { KeyKind } from '../../../src/ca/index.ts';
import { checkExtensions } from '../../../src/identity/certificate-checks.ts';
import { lintPath } from '../../../src/identity/lint.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { PolicyGraph } from '../../../src/identity/policy-graph.ts';
import { checkPurposes } from '../../../src/identity/purpose-checks.ts';
import { readingCost, readingLimit, unreadableCost } from '../../../src/identity/reading-cost.ts';
import { createIdentityResolver } from '../../../src/identity/resolver.ts';
import { SignatureMemo } from '../../../src/identity/signature-memo.ts';
import { signatureCost } from '../../../src/identity/signature-cost.ts';
import type { Certificate } from '../../../src/identity/types.ts';
import { Budget } from '../../../src/lib/budget.ts';
import { ca, leaf, presented, root, trustOf } from './fleet.ts';
import { dns, subjectAltName } from './forge.ts';

/** How many of a hundred keys of one kind are tried on one signature before the search gives up. */
async function tried(key: KeyKind): Promise<number> {
  const issuer = parseCertificate((await root({ key })).der);
  const signed = parseCertificate((await leaf(await root({ key }))).der);
  const signatures = new SignatureMemo({ verdicts: new Map(), keyDigests: new Set() });
  const keys = Array.from({ length: 100 }, (_, i): Certificate => ({ ...issuer, keyDigest: `key ${i}` }));
  return keys.filter((one) => signatures.verdict(signed, one) !== undefined).length;
}

for (const [key, count] of [
  ['ec-p256', 48],
  ['rsa-2048', 48],
  ['ed25519', 48],
  ['ec-p384', 24],
  ['ec-p521', 12],
] as const) {
  test(`of signatures by keys of kind ${key}, ${count} are verified for one credential`, async (t) => {
    t.is(await tried(key), count);
  });
}

test('long RSA keys count more than usual ones, and post-quantum keys do not', (t) => {
  t.is(signatureCost({ algorithm: 'rsa', bits: 4096 }), 1);
  t.is(signatureCost({ algorithm: 'rsa', bits: 8192 }), 2);
  t.is(signatureCost({ algorithm: 'rsa-pss', bits: 4104 }), 2);
  t.is(signatureCost({ algorithm: 'ml-dsa-87' }), 1);
});

test('reading counts what a certificate holds beside its key and signature', async (t) => {
  const anchor = await root();
  const cost = async (names: number, key: KeyKind = 'ec-p256') => {
    const extensions = names === 0 ? [] : [subjectAltName(Array.from({ length: names }, () => dns('ab')))];
    return readingCost(parseCertificate((await leaf(anchor, { extensions, key })).der));
  };
  t.is(await cost(0), 1);
  t.is(await cost(0, 'rsa-3072'), 1);
  t.true((await cost(10_000)) > readingLimit / 2);
  t.true(unreadableCost(0) > 1);
  t.true(unreadableCost(48 * 1024) > readingLimit / 2);
});

test('sent certificates that cost more to read than any honest chain end in chain.budget_exceeded', async (t) => {
  const anchor = await root();
  const extensions = [subjectAltName(Array.from({ length: 10_000 }, () => dns('ab')))];
  const fat = await Promise.all(
    Array.from({ length: 4 }, (_, i) => ca(anchor, { subject: `CN=${i}`, extensions })),
  );
  const issuing = await ca(anchor);
  const device = await leaf(issuing);
  const resolver = createIdentityResolver(trustOf([anchor]), { maxEntries: 5 });
  const resolve = (...chain: readonly { readonly der: Uint8Array }[]) =>
    resolver.resolve(presented(...chain.map(({ der }) => der)));
  t.is(resolve(device, issuing, ...fat).paths.length, 1);
  const refused = resolve(device, ...fat, issuing);
  t.is(refused.paths.length, 0);
  t.is(refused.findings[0]?.code, 'chain.budget_exceeded');
  t.is(resolve(device, fat[0] as (typeof fat)[0], issuing).paths.length, 1);
});

test('what a certificate shows by itself is worked out once for all paths that it is in', async (t) => {
  const anchor = parseCertificate((await root()).der);
  const device = parseCertificate((await leaf(await root())).der);
  let asked = 0;
  const counting: Certificate = {
    ...device,
    get subjectAltNames() {
      asked++;
      return device.subjectAltNames;
    },
  };
  const first = lintPath([counting, anchor]);
  const before = asked;
  t.true(before > 0);
  t.deepEqual(lintPath([counting, anchor, anchor]), lintPath([counting, anchor, anchor]));
  t.deepEqual(lintPath([counting, anchor]), first);
  t.is(asked, before);
});

test('of thousands of unknown extensions or purposes a few are told', async (t) => {
  const device = parseCertificate((await leaf(await root())).der);
  const oids = Array.from({ length: 3000 }, (_, i) => `1.2.${i}`);
  t.is(checkExtensions({ ...device, unknownCritical: oids }, 0).length, 8);
  const [finding] = checkPurposes([{ ...device, extendedKeyUsage: oids }], ['1.3.6.1.5.5.7.3.2']);
  t.is(finding?.detail?.['extended_key_usage'], oids.slice(0, 8).join(' '));
});

test('work on policies that are mapped in every way grows with their number, not with the ways', (t) => {
  const levels = 40;
  const work = new Budget(levels * 12);
  const graph = new PolicyGraph(work);
  const policies = ['1.2.1', '1.2.2'].map((oid) => ({ oid, qualifiers: [] }));
  const mappings = policies.flatMap(({ oid: issuer }) =>
    policies.map(({ oid: subject }) => ({ issuer, subject })),
  );
  for (let level = 0; level < levels; level++) {
    t.true(graph.narrow(policies, false));
    t.true(graph.map(mappings, true));
  }
  t.false(work.exhausted);
  t.true(graph.permits(new Set(['1.2.2'])));
  t.false(graph.permits(new Set(['1.2.3'])));
});
