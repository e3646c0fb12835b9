import test from 'ava';
import { createIdentityResolver } from '../../../src/identity/resolver.ts';
import type { PresentedCredential } from '../../../src/context/types.ts';
import type { ResolvedCredential } from '../../../src/identity/types.ts';
import { ca, codes, leaf, presented, root, trustOf, urlPem } from './fleet.ts';

const fleet = (async () => {
  const anchor = await root();
  const issuing = await ca(anchor);
  return { anchor, issuing, device: await leaf(issuing) };
})();

async function resolve(credential: PresentedCredential): Promise<ResolvedCredential> {
  const { anchor, issuing } = await fleet;
  return createIdentityResolver(trustOf([anchor], [issuing]), { maxEntries: 5 }).resolve(credential);
}

test('a URL-encoded PEM certificate is resolved to path and identity', async (t) => {
  const { device } = await fleet;
  const resolved = await resolve(urlPem(encodeURIComponent(device.pem)));
  t.is(resolved.leaf?.fingerprint, device.fingerprint);
  t.is(resolved.paths.length, 1);
  t.is(resolved.identity?.id, 'meter-1');
  t.deepEqual([...resolved.findings, ...resolved.identityFindings], []);
});

test('a DER chain is read leaf first', async (t) => {
  const { anchor, issuing, device } = await fleet;
  const resolver = createIdentityResolver(trustOf([anchor]), { maxEntries: 5 });
  t.is(resolver.resolve(presented(device.der, issuing.der)).identity?.id, 'meter-1');
  t.is(resolver.resolve(presented(issuing.der, device.der)).leaf?.fingerprint, issuing.fingerprint);
});

test('a forwarded certificate may bring its chain, a peer certificate may not', async (t) => {
  const { anchor, issuing, device } = await fleet;
  const text = encodeURIComponent(device.pem + issuing.pem);
  const resolver = createIdentityResolver(trustOf([anchor]), { maxEntries: 5 });
  t.is(resolver.resolve(urlPem(text, 'xfcc')).paths.length, 1);
  t.deepEqual(codes(await resolve(urlPem(text))), ['identity.unparsable_certificate']);
  t.deepEqual(
    codes(resolver.resolve(urlPem(text))),
    ['identity.unparsable_certificate'],
    'remembered or not',
  );
});

const broken: readonly [string, (pem: string) => string, RegExp][] = [
  ['a malformed escape', (pem) => `${encodeURIComponent(pem)}%zz`, /URL encoding/],
  ['an escape that is cut off', (pem) => `${encodeURIComponent(pem)}%`, /URL encoding/],
  ['an escape that is no UTF-8', (pem) => `%ff%fe${encodeURIComponent(pem)}`, /URL encoding/],
  ['a PEM block that is cut off', (pem) => encodeURIComponent(pem.slice(0, -30)), /PEM/],
  ['several PEM blocks', (pem) => encodeURIComponent(pem + pem), /more than one/],
  [
    'a block of another kind',
    (pem) => encodeURIComponent(pem.replaceAll('CERTIFICATE', 'X509 CRL')),
    /X509 CRL/,
  ],
  ['no PEM at all', () => 'hello', /no certificate/],
  ['nothing', () => '', /no certificate/],
  [
    'PEM of something else',
    () => encodeURIComponent('-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n'),
    /0x30 expected/,
  ],
  ['a text that is too long', (pem) => `${pem}${' '.repeat(70_000)}`, /65536 characters/],
];

for (const [name, damage, problem] of broken) {
  test(`${name} is an unparsable certificate, with the cause`, async (t) => {
    const { device } = await fleet;
    const { findings, leaf: read, paths } = await resolve(urlPem(damage(device.pem)));
    t.deepEqual(codes({ findings }), ['identity.unparsable_certificate']);
    t.regex(String(findings[0]?.detail?.problem), problem);
    t.is(read, undefined);
    t.deepEqual(paths, []);
  });
}

test('an unreadable certificate in the sent chain is a remark where the path does without, else it is told', async (t) => {
  const anchor = await root();
  const issuing = await ca(anchor);
  const device = await leaf(issuing);
  const resolver = createIdentityResolver(trustOf([anchor]), { maxEntries: 10 });
  const junk = Buffer.from('junk');
  const whole = resolver.resolve(presented(device.der, issuing.der, junk));
  t.is(whole.paths.length, 1);
  t.like(whole.lint?.[0], { code: 'intermediate_unreadable', certificate: null });
  const torn = resolver.resolve(presented(device.der, junk));
  t.is(torn.leaf?.fingerprint, device.fingerprint);
  t.deepEqual(
    torn.findings.map(({ code, detail }) => [code, detail?.certificate]),
    [
      ['identity.unparsable_certificate', 1],
      ['chain.incomplete', 0],
    ],
  );
});

test('an empty chain, and one that is too long, are refused', async (t) => {
  const { device, issuing } = await fleet;
  t.deepEqual(codes(await resolve(presented())), ['identity.unparsable_certificate']);
  const long = [device.der, ...Array.from({ length: 10 }, () => issuing.der)];
  t.deepEqual(codes(await resolve(presented(...long))), ['chain.too_long']);
  const forwarded = encodeURIComponent(device.pem.repeat(11));
  t.deepEqual(codes(await resolve(urlPem(forwarded, 'xfcc'))), ['chain.too_long']);
});

test('a duplicate extension is told by its own reason', async (t) => {
  const { anchor } = await fleet;
  const twice = { oid: '1.2.3.4', critical: false, value: Buffer.from([5, 0]) };
  const device = await leaf(anchor, { extensions: [twice, twice] });
  t.deepEqual(codes(await resolve(presented(device.der))), ['chain.duplicate_extension']);
});

test('what came in before is answered from the cache, refusals included', async (t) => {
  const { anchor, issuing, device } = await fleet;
  const resolver = createIdentityResolver(trustOf([anchor], [issuing]), { maxEntries: 2 });
  const [good, bad] = [presented(device.der), presented(Buffer.from('garbage'))];
  const first = resolver.resolve(good);
  t.is(resolver.resolve(good), first);
  t.is(resolver.resolve(bad), resolver.resolve(bad));
  const [credentials, refused] = resolver.stats();
  t.like(credentials, { name: 'credentials', entries: 1, bound: 2, hits: 1, misses: 1, evictions: 0 });
  t.like(refused, { name: 'refused_credentials', entries: 1, bound: 1, hits: 1, misses: 1, evictions: 0 });
  resolver.resolve(presented(device.der, issuing.der));
  resolver.resolve(presented(device.der, anchor.der));
  t.not(resolver.resolve(good), first, 'the oldest makes room');
  t.like(resolver.stats()[0], { entries: 2, hits: 1, misses: 4, evictions: 2 });
  t.like(resolver.stats()[1], { entries: 1, hits: 1, misses: 1, evictions: 0 });
});

test('a certificate bears the name of its configured issuer as that was read, and of no other CA of another name', async (t) => {
  const { anchor, issuing, device } = await fleet;
  const trust = trustOf([anchor], [issuing]);
  const resolved = createIdentityResolver(trust, { maxEntries: 5 }).resolve(presented(device.der));
  t.is(resolved.leaf?.issuer, trust.intermediates[0]?.certificate.subject);
  const alone = createIdentityResolver(trustOf([anchor]), { maxEntries: 5 }).resolve(presented(device.der));
  t.not(alone.leaf?.issuer, resolved.leaf?.issuer);
  t.deepEqual(alone.leaf?.issuer, resolved.leaf?.issuer);
});

test('the cache does not keep the message that a certificate came in', async (t) => {
  const { device } = await fleet;
  const message = Buffer.concat([Buffer.alloc(100_000), device.der]);
  const resolved = await resolve(presented(message.subarray(100_000)));
  t.is(resolved.leaf?.der.buffer.byteLength, device.der.byteLength);
});
