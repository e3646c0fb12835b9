import test from 'ava';
import { createRoot, issueCrl, issueLeaf } from '../../../../src/ca/index.ts';
import type { Config } from '../../../../src/config/types.ts';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import { importCrl } from '../../../../src/revocation/import-crl.ts';
import { signerStatuses } from '../../../../src/server/ocsp/signer-statuses.ts';
import type { OcspInForce } from '../../../../src/server/ocsp/start-ocsp.ts';
import { memoriesOf } from '../../../../src/store/epoch-memory.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';

const hour = 3_600_000;
const now = Date.UTC(2026, 5, 1, 12);
const life = { notBefore: now - hour, notAfter: now + hour };

/** What is in force under one CA, which has to tell of its certificates. */
function inForceUnder(ca: ReturnType<typeof parseCertificate>): OcspInForce {
  const anchor = {
    name: 'root',
    certificate: ca,
    profile: { kind: 'cn' as const },
    revocation: { required: true, graceMs: 0 },
    ...{ allowSha1: false, allowSmallKeys: false, strict: false },
  };
  return {
    config: { revocation: { coverage: [] } } as unknown as Config,
    authorities: { trust: { anchors: [anchor], intermediates: [], digest: '' }, pepCas: [] },
    responders: new Map(),
  };
}

test('the status of a responder is told by the lists of now, however often it is asked, without more to remember for it', async (t) => {
  const store = temporaryStore(t);
  const root = await createRoot({ subject: 'CN=Root', ...life });
  const ca = parseCertificate(root.der);
  const signer = parseCertificate((await issueLeaf(root, { subject: 'CN=Responder', ...life })).der);
  let current = inForceUnder(ca);
  const statuses = signerStatuses(store, () => current);
  const list = async (number: number, revoked: readonly { serial: string; at: number }[]) => {
    const update = { number, thisUpdate: now - hour, nextUpdate: now + hour, revoked };
    const { der } = await issueCrl(root, update);
    const by = { source: 'test', now, actor: 'test', why: 'test' };
    await importCrl(store, { bytes: der, issuers: [ca], ...by });
  };
  t.is(statuses(signer, ca, now), 'unknown');
  await list(1, []);
  t.is(statuses(signer, ca, now), 'good');
  const memories = memoriesOf(store).length;
  for (let times = 0; times < 5; times += 1) statuses(signer, ca, now);
  t.is(memoriesOf(store).length, memories);
  await list(2, [{ serial: signer.serial, at: now - hour }]);
  t.is(statuses(signer, ca, now), 'revoked');
  current = { ...current, authorities: { ...current.authorities, pepCas: [] } };
  t.is(statuses(signer, ca, now), 'revoked');
});
