import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { sha256Hex } from '../../../src/lib/bytes.ts';
import { createRevocationReader } from '../../../src/revocation/reader.ts';
import { applicationId, migrations } from '../../../src/store/migrations.ts';
import { openStore } from '../../../src/store/open.ts';
import type { Store } from '../../../src/store/types.ts';
import { crlOf, fleet, held, hour, importInto, now, temporaryFolder } from '../../helpers/crl-fixtures.ts';
import { deltaIndicator } from '../../helpers/crl-points.ts';

const { root, ca } = await fleet();

/** A store of format 2 that holds one CRL with one entry, opened by this program. */
function migrated(t: ExecutionContext, der: Uint8Array): Store {
  const path = join(temporaryFolder(t), 'state.db');
  const db = new DatabaseSync(path);
  for (const step of migrations.slice(0, 2)) db.exec(step);
  db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = 2;`);
  db.exec(`INSERT INTO meta VALUES ('instance', 'older'), ('format', '2')`);
  db.exec(`INSERT INTO epochs VALUES ('local', 1)`);
  db.exec(`INSERT INTO generations VALUES (1, 'crl', '', 'visible', 0, 0, 1, 0, '', 0)`);
  db.prepare(`INSERT INTO crls VALUES (?, 'O=Example,CN=Issuing', 1, '01', ?, ?, ?, 'old.crl', ?, 1)`).run(
    ca.keyDigest,
    now - hour,
    now + hour,
    now,
    sha256Hex(der),
  );
  db.prepare('INSERT INTO revoked VALUES (1, ?, ?, 1)').run(Buffer.from('0a', 'hex'), now - hour);
  db.close();
  const store = openStore({ path, mode: 'read_write', now });
  t.teardown(() => store.close());
  return store;
}

const revoked = [{ serial: '0a', at: now - hour, reason: 'keyCompromise' }];

test('the CRLs of an older store are in force as before', async (t) => {
  const store = migrated(t, await crlOf(ca, { revoked }));
  t.is(held(store, ca, '0a').entry?.reason, 'keyCompromise');
  t.is(held(store, ca, '0b').entry, undefined);
  t.like(createRevocationReader(store).crls(), [
    { issuerKey: ca.keyDigest, scope: '', delta: false, number: '01', source: 'old.crl', entries: 1 },
  ]);
  await t.throwsAsync(importInto(store, [root, ca], await crlOf(ca, { number: 0 })), { message: /lower/ });
});

test('what an older store does not say of a CRL is there once the same CRL is read again', async (t) => {
  const der = await crlOf(ca, { revoked });
  const store = migrated(t, der);
  const delta = await crlOf(ca, {
    number: 2,
    revoked: [{ serial: '0b', at: now }],
    extensions: [deltaIndicator(1)],
  });
  t.true((await importInto(store, [root, ca], der)).changed);
  t.false((await importInto(store, [root, ca], der)).changed);
  t.is(held(store, ca, '0a').entry?.reason, 'keyCompromise');
  await importInto(store, [root, ca], delta);
  t.deepEqual(
    createRevocationReader(store)
      .crls()
      .map(({ delta: isDelta }) => isDelta),
    [false, true],
  );
});
