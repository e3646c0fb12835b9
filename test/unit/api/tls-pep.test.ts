import { credentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import test from 'ava';
import { peerChainOf, sessionOf } from '../../../src/api/call-internals.ts';
import { pepOfCalls } from '../../../src/api/pep-of-call.ts';
import { createPepResolver } from '../../../src/api/pep.ts';
import type { PepResolver } from '../../../src/api/pep.ts';
import { createRoot, issueCa, issueLeaf } from '../../../src/ca/index.ts';
import type { Authority } from '../../../src/ca/index.ts';
import type { ListenerConfig } from '../../../src/config/types.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { pepConfig } from './fixtures.ts';
import { connect, openTlsDoors } from './grpc-fixtures.ts';

const now = systemClock.now();
const lifetime = { notBefore: now - 86_400_000, notAfter: now + 86_400_000 };
const root = await createRoot({ subject: 'CN=Root', ...lifetime });
const middle = await issueCa(root, { subject: 'CN=Middle', ...lifetime });
const server = await issueLeaf(root, {
  subject: 'CN=pdp',
  san: { dns: ['localhost'] },
  eku: ['serverAuth'],
  ...lifetime,
});
const pep = (issuer: Authority, site: string): Promise<Authority> =>
  issueLeaf(issuer, { subject: 'CN=pep', san: { uri: [`spiffe://ops.example/pep/${site}`] }, ...lifetime });

const listener: ListenerConfig = {
  name: 'tls',
  address: 'localhost:0',
  pep: null,
  tls: { certificate: 'c', key: 'k', client_cas: ['ops'] },
  insecure: false,
};
const tls = { cert: server.pem, key: server.privateKeyPem, ca: root.pem };
const peps: PepResolver = createPepResolver({
  peps: [pepConfig({ name: 'any', match: { san: 'spiffe://ops.example/pep/{site}', ca: 'ops' } })],
  cas: [{ name: 'ops', certificate: Buffer.from(root.pem), revocation: { required: false, graceMs: 0 } }],
  intermediates: [],
  judge: () => [],
});

function as(client: Authority, ...sent: Authority[]): ChannelCredentials {
  const chain = [client, ...sent].map((certificate) => certificate.pem).join('');
  return credentials.createSsl(Buffer.from(root.pem), Buffer.from(client.privateKeyPem), Buffer.from(chain));
}

test('a PEP is known by its client certificate, call after call', async (t) => {
  const { point, address } = await openTlsDoors(t, tls, { listener, peps });
  const client = connect(t, address, as(await pep(root, 'north')));
  for (let calls = 0; calls < 3; calls++) {
    await client.decide({ authenticated_by: 'AUTHENTICATED_BY_NONE' });
    t.like(point.last, {
      ok: true,
      context: { pep: { name: 'any', site: 'north', authenticated_by: 'tls' } },
    });
  }
});

test('an intermediate that the PEP sends completes its path', async (t) => {
  const { point, address } = await openTlsDoors(t, tls, { listener, peps });
  await connect(t, address, as(await pep(middle, 'south'), middle)).decide({
    authenticated_by: 'AUTHENTICATED_BY_NONE',
  });
  t.like(point.last, { ok: true, context: { pep: { site: 'south' } } });
});

test('a certificate of the right CA with another name is an unknown PEP', async (t) => {
  const { point, address } = await openTlsDoors(t, tls, { listener, peps });
  const stranger = await issueLeaf(root, {
    subject: 'CN=x',
    san: { uri: ['spiffe://ops.example/x'] },
    ...lifetime,
  });
  await connect(t, address, as(stranger)).decide({ authenticated_by: 'AUTHENTICATED_BY_NONE' });
  t.like(point.last, { ok: false, field: 'pep', pep: { name: 'unknown', authenticated_by: 'tls' } });
});

test('two PEPs on two connections are told apart', async (t) => {
  const { point, address } = await openTlsDoors(t, tls, { listener, peps });
  const [north, south] = [
    connect(t, address, as(await pep(root, 'north'))),
    connect(t, address, as(await pep(root, 'south'))),
  ];
  for (const [client, site] of [
    [north, 'north'],
    [south, 'south'],
    [north, 'north'],
  ] as const) {
    await client.decide({ authenticated_by: 'AUTHENTICATED_BY_NONE' });
    t.like(point.last, { ok: true, context: { pep: { site } } });
  }
});

test('the session and the sent chain are found where this grpc-js keeps them', async (t) => {
  const seen: { session: object | undefined; chain: readonly Uint8Array[] | undefined }[] = [];
  const spying: PepResolver = {
    ...peps,
    byCertificate: (chain, at) => {
      seen.push({ session: undefined, chain });
      return peps.byCertificate(chain, at);
    },
  };
  const { address } = await openTlsDoors(t, tls, { listener, peps: spying });
  const client = connect(t, address, as(await pep(middle, 'south'), middle));
  for (let calls = 0; calls < 2; calls++) await client.decide({ authenticated_by: 'AUTHENTICATED_BY_NONE' });
  t.true((seen[0]?.chain?.length ?? 0) >= 2);
  t.is(seen[0]?.chain, seen[1]?.chain, 'read once for the session');
});

test('a call shaped otherwise falls back to what grpc-js offers', async (t) => {
  const leaf = await pep(root, 'north');
  const call = { getAuthContext: () => ({ sslPeerCertificate: { raw: Buffer.from(leaf.der) } }) };
  t.is(sessionOf(call), undefined);
  t.is(peerChainOf(call), undefined);
  t.true(pepOfCalls(listener, peps, systemClock)(call as never).known);
  t.false(pepOfCalls(listener, peps, systemClock)({ getAuthContext: () => ({}) }).known);
});

test('a session that goes while it is looked at is nobody’s, and ends nothing', (t) => {
  const gone = {
    getAuthContext: (): never => {
      throw new Error('the socket is gone');
    },
  };
  const asking = pepOfCalls(listener, peps, systemClock)(gone);
  t.like(asking, { known: false, code: 'system.dependency_stale', pep: { name: 'unknown' } });
});
