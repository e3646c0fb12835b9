import test from 'ava';
import fc from 'fast-check';
import { parseCertificate } from '../../src/identity/parse.ts';
import { createIdentityResolver } from '../../src/identity/resolver.ts';
import { PortreeveError } from '../../src/lib/errors.ts';
import { build, ca, leaf, presented, root, trustOf, urlPem } from '../unit/identity/fleet.ts';

const factor = Number(process.env.SOAK_FACTOR ?? 1);

const fleet = (async () => {
  const anchor = await root();
  const issuing = await ca(anchor, { subject: 'CN=Issuing', key: 'ec-p384' });
  const device = await leaf(issuing, {
    subject: 'CN=meter-1,O=Ünit',
    san: { uri: ['urn:dev:1'], dns: ['a.example'] },
  });
  return { anchor, issuing, device };
})();

function parsesOrThrowsOurs(bytes: Uint8Array): boolean {
  try {
    parseCertificate(bytes);
    return true;
  } catch (thrown) {
    return thrown instanceof PortreeveError && thrown.code === 'PDP_CERTIFICATE_INVALID';
  }
}

test('any bytes are a certificate or refused with an error of ours', async (t) => {
  const { device } = await fleet;
  const edit = fc.tuple(
    fc.nat(device.der.length - 1),
    fc.nat(255),
    fc.nat(4),
    fc.uint8Array({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      fc.uint8Array({ maxLength: 100 }),
      (edits, junk) => {
        const bytes = edits.reduce(
          (whole, [at, octet, cut, put]) =>
            Buffer.concat([
              whole.subarray(0, at),
              Buffer.from([octet]),
              Buffer.from(put),
              whole.subarray(at + cut),
            ]),
          Buffer.from(device.der),
        );
        return parsesOrThrowsOurs(bytes) && parsesOrThrowsOurs(junk);
      },
    ),
    { numRuns: 400 * factor },
  );
  t.pass();
});

test('a change of one bit anywhere in leaf or CA never validates', async (t) => {
  const { anchor, issuing, device } = await fleet;
  const resolver = createIdentityResolver(trustOf([anchor]), { maxEntries: 10 });
  t.is(resolver.resolve(presented(device.der, issuing.der)).paths.length, 1);
  const flip = fc.tuple(fc.nat(1), fc.nat(), fc.nat(7));
  fc.assert(
    fc.property(flip, ([which, place, bit]) => {
      const chain = [Buffer.from(device.der), Buffer.from(issuing.der)] as const;
      const target = chain[which as 0 | 1];
      const at = place % target.length;
      target[at] = (target[at] as number) ^ (1 << bit);
      return resolver.resolve(presented(...chain)).paths.length === 0;
    }),
    { numRuns: 250 * factor },
  );
});

test('certificates that lead nowhere never break a valid path, in whatever order they are sent', async (t) => {
  const { anchor, issuing, device } = await fleet;
  const foreign = await root();
  const others = [
    foreign,
    await ca(foreign, { subject: 'CN=Issuing' }),
    await ca(anchor, { subject: 'CN=Issuing' }),
    await root({ subject: 'CN=Issuing' }),
    await ca(issuing, { subject: 'CN=Fleet Root,O=Example' }),
    await leaf(issuing, { subject: 'CN=meter-2' }),
    anchor,
  ];
  const trust = trustOf([anchor]);
  fc.assert(
    fc.property(fc.shuffledSubarray(others), fc.nat(), (some, place) => {
      const sent = some.toSpliced(place % (some.length + 1), 0, issuing);
      return build(trust, device, ...sent).paths.length === 1;
    }),
    { numRuns: 40 * factor },
  );
  t.pass();
});

test('any text is resolved without a throw', async (t) => {
  const { anchor, device } = await fleet;
  const resolver = createIdentityResolver(trustOf([anchor]), { maxEntries: 10 });
  const pem = encodeURIComponent(device.pem);
  const torn = fc.tuple(fc.nat(pem.length), fc.string({ maxLength: 5 }), fc.nat(20));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), torn), (made) => {
      const text =
        typeof made === 'string' ? made : pem.slice(0, made[0]) + made[1] + pem.slice(made[0] + made[2]);
      const { paths, findings } = resolver.resolve(urlPem(text));
      return paths.length > 0 || findings.length > 0;
    }),
    { numRuns: 200 * factor },
  );
  t.pass();
});
