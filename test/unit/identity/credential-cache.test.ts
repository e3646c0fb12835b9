import test from 'ava';
import { createIdentityResolver } from '../../../src/identity/resolver.ts';
import type { IdentityResolver } from '../../../src/identity/types.ts';
import type { KeptStats } from '../../../src/lib/kept.ts';
import { ca, leaf, presented, root, trustOf } from './fleet.ts';
import type { Authority } from '../../../src/ca/index.ts';

const mebibyte = 1024 * 1024;

/** A leaf of some 40 KB. */
function bigLeaf(issuing: Authority, name: string): Promise<Authority> {
  const value = Buffer.concat([Buffer.from([0x04, 0x82, 0x9c, 0x40]), Buffer.alloc(40_000)]);
  return leaf(issuing, { subject: `CN=${name}`, extensions: [{ oid: '1.2.3.4', critical: false, value }] });
}

async function fleet() {
  const anchor = await root();
  const issuing = await ca(anchor);
  const stranger = await root({ subject: 'CN=Stranger' });
  return { trust: trustOf([anchor], [issuing]), issuing, stranger };
}

/** How one part of what it remembers stands. */
function standing(resolver: IdentityResolver, name: string): Required<KeptStats> {
  return resolver.stats().find((one) => one.name === name) as Required<KeptStats>;
}

const times = <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

test('credentials that are refused neither push out good ones nor fill the memory', async (t) => {
  const { trust, issuing, stranger } = await fleet();
  const resolver = createIdentityResolver(trust, { maxEntries: 100, maxBytes: 20 * mebibyte });
  const good = (await times(20, (index) => leaf(issuing, { subject: `CN=good-${index}` }))).map((one) =>
    presented(one.der),
  );
  const first = good.map((one) => resolver.resolve(one));
  const refused = await times(30, (index) => bigLeaf(stranger, `bad-${index}`));
  for (const one of refused) t.deepEqual(resolver.resolve(presented(one.der)).paths, []);
  // A tenth of the entries is for refused ones, and of these each is counted as what 40 KB may become at worst.
  t.is(standing(resolver, 'credentials').entries, 20);
  const { entries, bytes } = standing(resolver, 'refused_credentials');
  t.true(entries >= 1 && entries <= 4, `${entries}`);
  t.is(bytes.bound, 2 * mebibyte);
  for (const index of Array(200).keys()) resolver.resolve(presented(Buffer.from(`garbage ${index}`)));
  t.is(standing(resolver, 'credentials').entries, 20);
  t.like(
    standing(resolver, 'refused_credentials'),
    { entries: 10, bound: 10 },
    'short ones are bounded by their number',
  );
  t.deepEqual(
    good.map((one, index) => resolver.resolve(one) === first[index]),
    good.map(() => true),
  );
});

test('good credentials are bounded by bytes too, and the newest stays', async (t) => {
  const { trust, issuing } = await fleet();
  const resolver = createIdentityResolver(trust, { maxEntries: 100, maxBytes: 4 * mebibyte });
  const big = (await times(12, (index) => bigLeaf(issuing, `big-${index}`))).map((one) => presented(one.der));
  const resolved = big.map((one) => resolver.resolve(one));
  for (const { paths } of resolved) t.is(paths.length, 1);
  const { entries, bound, bytes, evictions } = standing(resolver, 'credentials');
  t.true(entries >= 1 && entries <= 7, `${entries}`);
  t.is(entries + evictions, 12);
  // By the number of its entries it looks nearly empty; what it takes tells that it is full.
  t.is(bytes.bound, 4 * mebibyte);
  t.true(entries / bound < 0.1 && bytes.held <= bytes.bound);
  t.true(bytes.held + bytes.held / entries > bytes.bound, 'no room for another one');
  t.is(resolver.resolve(big[11]!), resolved[11]!);
  t.not(resolver.resolve(big[0]!), resolved[0]!);
});

test('what a credential shares with all others is not counted for it', async (t) => {
  const { trust, issuing } = await fleet();
  const maxBytes = 20 * 6 * 1024;
  const resolver = createIdentityResolver(trust, { maxEntries: 100, maxBytes });
  for (const one of await times(20, (index) => leaf(issuing, { subject: `CN=good-${index}` })))
    resolver.resolve(presented(one.der, issuing.der));
  const { entries, bytes } = standing(resolver, 'credentials');
  t.is(entries, 20, 'leaves of the usual length take less than 6 KiB each');
  t.true(bytes.held > 20 * 4 * 1024 && bytes.held <= maxBytes, `${bytes.held}`);
});
