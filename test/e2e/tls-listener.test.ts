import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import test from 'ava';
import type { AuditRecord } from '../../src/audit/record.ts';
import { createRoot, issueLeaf } from '../../src/ca/index.ts';
import type { Authority, LeafOptions } from '../../src/ca/index.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { hour, makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';
import { connect } from '../unit/api/grpc-fixtures.ts';
import { onlyObject, portreeve } from '../unit/cli/helpers/run.ts';

const life = { notBefore: Date.now() - hour, notAfter: Date.now() + hour };
const ops = await createRoot({ subject: 'CN=Operations', ...life });
const twin = await createRoot({ subject: 'CN=Operations', ...life });
const names = {
  exact: 'spiffe://ops.example/envoy/main',
  pattern: 'spiffe://ops.example/site/lyon/zone/hall-2',
  dns: 'edge.oslo.pep.example',
};

const folder = mkdtempSync(join(tmpdir(), 'portreeve-tls-'));
const own = await issueLeaf(ops, {
  subject: 'CN=pdp',
  san: { dns: ['localhost'] },
  eku: ['serverAuth'],
  ...life,
});
writeFileSync(join(folder, 'server.pem'), own.pem);
writeFileSync(join(folder, 'server.key'), own.privateKeyPem);
writeFileSync(join(folder, 'ops.pem'), ops.pem);

/** One server for all: nothing here changes it. */
let world: World;
let server: Server;
const teardowns: (() => unknown)[] = [];
test.before(async () => {
  const at = { teardown: (step: () => unknown) => teardowns.unshift(step) };
  world = await makeWorld({ now: Date.now(), configure: forServer(withTls) });
  at.teardown(world.close);
  server = await startServer(at, world.configFile);
});
test.after.always(async () => {
  for (const step of teardowns) await step();
  rmSync(folder, { recursive: true });
});

function withTls(document: Document): void {
  const files = { certificate: join(folder, 'server.pem'), key: join(folder, 'server.key') };
  Object.assign(document['server'] as object, {
    budget: '10s',
    listeners: [
      { name: 'mesh', address: '127.0.0.1:0', tls: { ...files, client_cas: ['ops'] } },
      { name: 'local', address: '127.0.0.1:0', pep: 'envoy' },
    ],
  });
  (document['trust'] as { pep_cas: object[] }).pep_cas = [{ name: 'ops', file: join(folder, 'ops.pem') }];
  (document['peps'] as object[]).push(
    { name: 'main', site: 'paris', match: { san: names.exact, ca: 'ops' } },
    { name: 'regional', match: { san: 'spiffe://ops.example/site/{site}/zone/{zone}', ca: 'ops' } },
    { name: 'by-dns', match: { san: 'edge.{site}.pep.example', ca: 'ops' } },
  );
}

/** The listener by the name that its certificate has. */
const mesh = (): string => server.address('mesh').replace('127.0.0.1', 'localhost');

/** The credentials of a PEP with these names, issued by `issuer`. */
async function as(issuer: Authority, san: NonNullable<LeafOptions['san']>): Promise<ChannelCredentials> {
  const leaf = await issueLeaf(issuer, { subject: 'CN=pep', san, ...life });
  return credentials.createSsl(Buffer.from(ops.pem), Buffer.from(leaf.privateKeyPem), Buffer.from(leaf.pem));
}

async function request(): Promise<object> {
  return {
    peer_chain: [(await world.leaf('meter/1')).der],
    authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
    source_ip: '10.20.0.7',
  };
}

async function recordOf(decisionId: unknown): Promise<AuditRecord> {
  const file = join(world.folder, 'audit/decisions.ndjson');
  const records = (): AuditRecord[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as AuditRecord);
  await until(() => records().some((record) => record.decision_id === decisionId));
  return records().find((record) => record.decision_id === decisionId) as AuditRecord;
}

const known = {
  'an exact URI': { san: { uri: [names.exact] }, pep: { name: 'main', site: 'paris' } },
  'a pattern of a URI': {
    san: { uri: [names.pattern] },
    pep: { name: 'regional', site: 'lyon', zone: 'hall-2' },
  },
  'a pattern of a DNS name': { san: { dns: [names.dns] }, pep: { name: 'by-dns', site: 'oslo' } },
} as const;
for (const [what, { san, pep }] of Object.entries(known)) {
  test(`a PEP is known by ${what} in its certificate, and where it stands is a fact of the decision`, async (t) => {
    const client = connect(t, mesh(), await as(ops, { ...san }));
    const told = await client.decide(await request());
    t.is(told['outcome'], 'OUTCOME_ALLOW');
    const record = await recordOf(told['decision_id']);
    t.like(record.pep, pep);
    t.like(record.facts?.pep, pep);
    t.is(Object.values(record.pep).includes('tls'), true);
  });
}

for (const [what, san] of Object.entries({
  'a name that no entry has': { uri: ['spiffe://ops.example/envoy/other'] },
  'a pattern with a segment too many': { uri: [`${names.pattern}/more`] },
  'no name at all': {},
})) {
  test(`a certificate of the right CA with ${what} is an unknown PEP: denied by a decision, and recorded`, async (t) => {
    const client = connect(t, mesh(), await as(ops, san));
    const told = await client.decide(await request());
    t.is(told['outcome'], 'OUTCOME_DENY');
    const check = await client.check({
      attributes: { request: { http: { method: 'GET', path: '/', host: 'h' } } },
    });
    t.like(check, { status: { code: 7 }, denied_response: { status: { code: 'Forbidden' } } });
    const record = await recordOf(told['decision_id']);
    t.like(record, {
      outcome: 'deny',
      enforced: true,
      pep: { name: 'unknown', tenant: 'default' },
      facts: null,
    });
    t.like(record.reasons, [
      {
        code: 'system.input_invalid',
        detail: { field: 'pep', problem: 'the client certificate belongs to no configured PEP' },
      },
    ]);
  });
}

const strangers: Readonly<Record<string, () => Promise<ChannelCredentials>>> = {
  'a CA of the same name and another key': () => as(twin, { uri: [names.exact] }),
  'no certificate': () => Promise.resolve(credentials.createSsl(Buffer.from(ops.pem))),
  'no TLS': () => Promise.resolve(credentials.createInsecure()),
};
for (const [what, stranger] of Object.entries(strangers)) {
  test(`a caller with ${what} does not get through the handshake, and nothing is decided`, async (t) => {
    const client = connect(t, mesh(), await stranger());
    const asked = { ...(await request()), connection_id: `stranger with ${what}` };
    const error = await t.throwsAsync(client.decide(asked, { options: { deadline: Date.now() + 5000 } }));
    t.is((error as unknown as { code: number }).code, 14, 'UNAVAILABLE');
    t.notRegex(
      error?.message ?? '',
      /servername|altname|issuer certificate/,
      'it is the server that refuses',
    );
    const again = { ...(await request()), connection_id: `known after ${what}` };
    const friend = connect(t, mesh(), await as(ops, { uri: [names.exact] }));
    await recordOf((await friend.decide(again))['decision_id']);
    t.notRegex(
      readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8'),
      new RegExp(asked.connection_id),
    );
  });
}

test('plaintext off loopback is refused at the start, with the place and what to do, unless it says insecure', async (t) => {
  const document = JSON.parse(readFileSync(world.configFile, 'utf8')) as {
    server: { listeners: { name: string; address: string; insecure?: boolean }[] };
  };
  const [listener] = document.server.listeners.filter(({ name }) => name === 'local');
  if (!listener) throw new Error('no such listener');
  listener.address = '0.0.0.0:0';
  const file = join(world.folder, 'open.yaml');
  writeFileSync(file, JSON.stringify(document, null, 2));
  const refused = await portreeve(['serve', '--config', file, '--json']);
  t.is(refused.code, 2);
  const { error } = onlyObject(refused) as {
    error: { code: string; problems: { line: number; path: string; message: string }[] };
  };
  t.is(error.code, 'PDP_CONFIG_INVALID');
  t.like(error.problems, [
    {
      path: 'server.listeners[1].address',
      message: 'plaintext off loopback and off Unix sockets is refused; give it tls, or say insecure: true',
    },
  ]);
  t.true((error.problems[0]?.line ?? 0) > 1);
  listener.insecure = true;
  writeFileSync(file, JSON.stringify(document, null, 2));
  t.is((await portreeve(['config', 'check', '--config', file])).code, 0);
});
