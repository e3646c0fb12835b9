import test from 'ava';
import { createRoot, issueCa } from '../../../src/ca/index.ts';
import type { Authority } from '../../../src/ca/index.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import { reachableNames } from '../../../src/revocation/reachable-names.ts';
import { life } from '../../helpers/crl-fixtures.ts';

const parsed = ({ der }: Authority) => parseCertificate(der);

test('names lead to an anchor where somebody below it certified them, in any order', async (t) => {
  const root = await createRoot({ subject: 'CN=Root', ...life });
  const ca = await issueCa(root, { subject: 'CN=CA', ...life });
  const below = await issueCa(ca, { subject: 'CN=Below', ...life });
  const other = await createRoot({ subject: 'CN=Other', ...life });
  const namesake = await issueCa(other, { subject: 'CN=Elsewhere', ...life });
  const certificates = [below, namesake, other, ca, root].map(parsed);
  const keys = (...some: readonly Authority[]) => some.map((one) => parsed(one).subject.key);
  t.deepEqual([...reachableNames(certificates, parsed(root))], keys(root, ca, below));
  t.deepEqual([...reachableNames(certificates, parsed(other))], keys(other, namesake));
});
