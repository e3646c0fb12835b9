import { writeFileSync } from 'node:fs';
import test from 'ava';
import { sha256Hex } from '../../../../src/lib/bytes.ts';
import { awaitInForce } from '../../../../src/server/bundles/await-in-force.ts';
import { cameIntoForce, keepBundle, pinBundle } from '../../../../src/server/bundles/table.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';

test('a bundle that was the last one in force is in force again only once the server has said so', async (t) => {
  const store = temporaryStore(t);
  const bytes = Buffer.from('one');
  const digest = sha256Hex(bytes);
  const bundle = { digest, bytes, revision: '1', source: 'office', location: '/office', broughtAt: 1 };
  keepBundle(store, { ...bundle, keyId: null, tested: '', cases: 0 }, 10);
  cameIntoForce(store, digest, 5, { keep: 10, sources: ['office'] });
  pinBundle(store, { digest, at: 7, actor: 'me', why: 'case 1' });
  let time = 0;
  const hurried = { monotonic: () => (time += 4000) };
  t.is(await awaitInForce(store, digest, hurried, 7), 'no_server');
  // This process stands for a server that goes on without it.
  writeFileSync(`${store.path}.pid`, `${process.pid}\n`);
  t.is(await awaitInForce(store, digest, hurried, 7), 'refused');
  cameIntoForce(store, digest, 8, { keep: 10, sources: ['office'] });
  t.is(await awaitInForce(store, digest, hurried, 7), 'in_force');
});
