import test from 'ava';
import { listInForce } from '../../../src/revocation/list-entries.ts';
import { crlOf, fleet, importInto, now, temporaryStore } from '../../helpers/crl-fixtures.ts';
import { certificateIssuer, issuingPoint } from '../../helpers/crl-points.ts';

const { root, ca } = await fleet();

test('a serial number that an indirect CRL lists for another issuer is found', async (t) => {
  const store = temporaryStore(t);
  const revoked = [
    { serial: '0a', at: now },
    { serial: '0b', at: now, extensions: [certificateIssuer(ca.subject)] },
    { serial: '010b', at: now },
  ];
  const crl = await crlOf(root, { revoked, extensions: [issuingPoint({ indirect: true })] });
  await importInto(store, [root, ca], crl);
  const found = (serial: string) =>
    listInForce(store, root.keyDigest, { limit: 20, serial }).flatMap(({ entries }) => entries);
  t.like(found('0b'), [{ serial: '0b', ofOther: true }]);
  t.like(found('0a'), [{ serial: '0a', ofOther: false }]);
  t.deepEqual(found('0c'), []);
});
