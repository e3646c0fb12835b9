import test from 'ava';
import { judgeCredential } from '../../../src/identity/judge.ts';
import { createIdentityResolver } from '../../../src/identity/resolver.ts';
import type { JudgedCredential, TrustSet } from '../../../src/identity/types.ts';
import { formatInstant } from '../../../src/lib/clock.ts';
import { ca, leaf, lives, now, presented, root, trustOf } from './fleet.ts';

function judge(trust: TrustSet, at: number, ...chain: { der: Uint8Array }[]): JudgedCredential {
  const resolver = createIdentityResolver(trust, { maxEntries: 10 });
  return judgeCredential(resolver.resolve(presented(...chain.map((one) => one.der))), at);
}

test('a leaf is valid from notBefore on until notAfter, which is its end and no longer part of it', async (t) => {
  const anchor = await root();
  const device = await leaf(anchor);
  const trust = trustOf([anchor]);
  for (const at of [lives.leaf.notBefore, now, lives.leaf.notAfter - 1]) {
    const judged = judge(trust, at, device);
    t.deepEqual(judged.findings, []);
    t.is(judged.path?.certificates.length, 2);
    t.is(judged.identity?.id, 'meter-1');
  }
});

test('an expired leaf is denied with both times, and still told by its name', async (t) => {
  const anchor = await root();
  const at = lives.leaf.notAfter;
  const judged = judge(trustOf([anchor]), at, await leaf(anchor));
  t.deepEqual(judged.findings, [
    {
      code: 'credential.expired',
      detail: { now: formatInstant(at), not_after: formatInstant(lives.leaf.notAfter) },
    },
  ]);
  t.is(judged.path, undefined);
  t.is(judged.identity?.id, 'meter-1');
});

test('a leaf before its time is denied with both times', async (t) => {
  const anchor = await root();
  const at = lives.leaf.notBefore - 1;
  const judged = judge(trustOf([anchor]), at, await leaf(anchor));
  t.deepEqual(judged.findings, [
    {
      code: 'credential.not_yet_valid',
      detail: { now: formatInstant(at), not_before: formatInstant(lives.leaf.notBefore) },
    },
  ]);
  t.is(judged.path, undefined);
});

test('a CA or an anchor out of its time denies, and is named', async (t) => {
  const old = { notBefore: now - 2000, notAfter: now - 1000 };
  const anchor = await root();
  const issuing = await ca(anchor, old);
  const judged = judge(trustOf([anchor], [issuing]), now, await leaf(issuing));
  t.deepEqual(judged.findings, [
    {
      code: 'chain.issuer_expired',
      detail: {
        certificate: 1,
        subject: 'O=Example,CN=Issuing',
        now: formatInstant(now),
        not_before: formatInstant(old.notBefore),
        not_after: formatInstant(old.notAfter),
      },
    },
  ]);
  const early = await root({ notBefore: now + 1000 });
  const tooEarly = judge(trustOf([early]), now, await leaf(early));
  t.deepEqual(
    tooEarly.findings.map((finding) => [finding.code, finding.detail?.certificate]),
    [['chain.issuer_expired', 1]],
  );
});

test('a leaf that never expires lives no longer than its issuers', async (t) => {
  const anchor = await root();
  const device = await leaf(anchor, { notAfter: Date.UTC(9999, 11, 31, 23, 59, 59) });
  t.deepEqual(judge(trustOf([anchor]), now, device).findings, []);
  const judged = judge(trustOf([anchor]), lives.root.notAfter, device);
  t.deepEqual(
    judged.findings.map((finding) => finding.code),
    ['chain.issuer_expired'],
  );
});

test('of several paths the one that holds now is taken', async (t) => {
  const [one, other] = [await root({ subject: 'CN=One' }), await root({ subject: 'CN=Other' })];
  const expired = await ca(one, { notAfter: now - 1 });
  const good = await ca(other, { keyPair: expired.keys });
  const device = await leaf(expired);
  for (const cas of [
    [expired, good],
    [good, expired],
  ]) {
    const judged = judge(trustOf([one, other], cas), now, device);
    t.is(judged.path?.anchor.name, 'anchor-1');
    t.deepEqual(judged.findings, []);
  }
});

test('the identity is that of the anchor whose path holds', async (t) => {
  const [one, other] = [await root({ subject: 'CN=One' }), await root({ subject: 'CN=Other' })];
  const first = await ca(one);
  const second = await ca(other, { keyPair: first.keys, notAfter: now + 5000 });
  const trust = trustOf([one, other], [second, first]);
  const mixed: TrustSet = {
    ...trust,
    anchors: trust.anchors.map((anchor, i) =>
      i === 0 ? anchor : { ...anchor, profile: { kind: 'san_uri' } },
    ),
  };
  const device = await leaf(first, { san: { uri: ['urn:dev:1'] } });
  t.is(judge(mixed, now, device).identity?.id, 'urn:dev:1');
  t.is(judge(mixed, now + 6000, device).identity?.id, 'meter-1');
});

test('what cannot be resolved is judged by what was found', async (t) => {
  const judged = judge(trustOf([await root()]), now, { der: Buffer.from('garbage') });
  t.is(judged.leaf, undefined);
  t.is(judged.findings[0]?.code, 'identity.unparsable_certificate');
});

test('a valid path without an identity has a path, and the finding', async (t) => {
  const anchor = await root();
  const judged = judge(trustOf([anchor]), now, await leaf(anchor, { subject: 'O=Example' }));
  t.truthy(judged.path);
  t.is(judged.identity, undefined);
  t.deepEqual(
    judged.findings.map((finding) => finding.code),
    ['identity.id_missing'],
  );
});
