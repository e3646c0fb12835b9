/** How several CRLs of one store tell a certificate's status together; the cases in test/cases try the same from outside. */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createRoot, issueCa, issueLeaf } from '../../../src/ca/index.ts';
import type { Authority } from '../../../src/ca/index.ts';
import { parseCertificate } from '../../../src/identity/parse.ts';
import type { Certificate, RevocationRules } from '../../../src/identity/types.ts';
import { judgeRevocation } from '../../../src/revocation/judge.ts';
import type { ExpectedPoints } from '../../../src/revocation/look-up.ts';
import { createRevocationReader } from '../../../src/revocation/reader.ts';
import type { RevocationJudgement } from '../../../src/revocation/types.ts';
import type { Statement, Store } from '../../../src/store/types.ts';
import {
  crlOf,
  day,
  fleet,
  hour,
  importInto,
  life,
  minute,
  now,
  temporaryStore,
} from '../../helpers/crl-fixtures.ts';
import {
  certificateIssuer,
  deltaIndicator,
  distributionPoints,
  issuingPoint,
  type Point,
  type Scope,
} from '../../helpers/crl-points.ts';

const { root, ca } = await fleet();
const signer = await issueCa(root, { subject: ca.subject, keyUsage: ['cRLSign'], ...life });
const office = await issueCa(root, { subject: 'CN=Office,O=Example', keyUsage: ['cRLSign'], ...life });
const foreign = await createRoot({ subject: 'CN=Foreign', ...life });
const stranger = await issueCa(foreign, { subject: ca.subject, keyUsage: ['cRLSign'], ...life });
const cas = [root, ca, signer, office, foreign, stranger];
const [first, second] = ['http://crl.example/1.crl', 'http://crl.example/2.crl'] as const;

interface Listed {
  readonly issuer?: Authority;
  readonly number?: number;
  readonly base?: number;
  readonly scope?: Scope;
  readonly revoked?: readonly (readonly [serial: string, reason?: string, of?: Authority])[];
  readonly thisUpdate?: number;
  readonly nextUpdate?: number;
}

async function put(store: Store, listed: Listed): Promise<void> {
  const { issuer = ca, number, base, scope, revoked = [], ...times } = listed;
  const crl = await crlOf(issuer, {
    ...times,
    number: number ?? 1,
    revoked: revoked.map(([serial, reason, of]) => ({
      serial,
      at: now - hour,
      ...(reason !== undefined && { reason }),
      ...(of && { extensions: [certificateIssuer(of.subject)] }),
    })),
    extensions: [
      ...(base === undefined ? [] : [deltaIndicator(base)]),
      ...(scope ? [issuingPoint(scope)] : []),
    ],
  });
  await importInto(store, cas, crl);
}

async function storeOf(t: ExecutionContext, ...lists: readonly Listed[]): Promise<Store> {
  const store = temporaryStore(t);
  await put(store, { issuer: root, nextUpdate: now + 300 * day });
  for (const listed of lists) await put(store, listed);
  return store;
}

async function leafOf(serial: string, ...points: readonly Point[]): Promise<Certificate> {
  const extensions = points.length > 0 ? [distributionPoints(...points)] : [];
  return parseCertificate((await issueLeaf(ca, { subject: 'CN=Meter', serial, extensions, ...life })).der);
}

const above = [ca, root].map(({ der }) => parseCertificate(der));
const issuers = cas.map(({ der }) => parseCertificate(der));

function judge(store: Store, leaf: Certificate, expected?: ExpectedPoints, at = now): RevocationJudgement {
  const reader = createRevocationReader(store, { issuers, ...(expected && { expected }) });
  const anchor = { certificate: above[1] as Certificate, revocation: { required: true, graceMs: 0 } };
  return store.snapshot(() => judgeRevocation({ certificates: [leaf, ...above], anchor }, reader, at));
}

const codes = ({ findings }: RevocationJudgement) => findings.map(({ code }) => code);

test('a delta and the CRL below it are both named, and the delta says how old the knowledge is', async (t) => {
  const store = await storeOf(
    t,
    { number: 7, thisUpdate: now - day, nextUpdate: now + hour },
    { number: 9, base: 7, thisUpdate: now - minute, nextUpdate: now + 2 * hour },
  );
  const [fact] = judge(store, await leafOf('0a')).facts;
  t.like(fact, {
    status: 'good',
    crl_number: '07',
    delta_number: '09',
    age_s: 60,
    this_update: now - minute,
    next_update: now + 2 * hour,
    usable_until: now + 2 * hour,
  });
});

test('a delta is never the reason to believe less than the CRL below it', async (t) => {
  const store = await storeOf(
    t,
    { number: 7, thisUpdate: now - hour, nextUpdate: now + day },
    { number: 9, base: 7, thisUpdate: now - minute, nextUpdate: now + hour },
  );
  const [fact] = judge(store, await leafOf('0a'), undefined, now + 2 * hour).facts;
  t.like(fact, { status: 'good', freshness: 'fresh', usable_until: now + day, this_update: now - hour });
});

test('each scope and kind has its own order: a lower number takes back nothing but its own', async (t) => {
  const store = await storeOf(
    t,
    { number: 9 },
    { number: 3, scope: { uri: first } },
    { number: 4, scope: { uri: second } },
    { number: 10, base: 9 },
  );
  t.is(createRevocationReader(store).crls().length, 5);
  const refused = { code: 'PDP_CRL_REFUSED', message: /lower/ };
  await t.throwsAsync(put(store, { number: 2, scope: { uri: first } }), refused);
  await t.throwsAsync(put(store, { number: 9, base: 8 }), refused);
  await t.throwsAsync(put(store, { number: 8 }), refused);
  await t.notThrowsAsync(put(store, { number: 4, scope: { uri: first } }));
});

test('scopes are the same whatever the order of their names, and an empty one is the whole list', async (t) => {
  const store = await storeOf(t, { number: 2 });
  await t.throwsAsync(put(store, { number: 1, scope: {} }), { message: /lower/ });
  await put(store, { number: 3, scope: {} });
  const crls = createRevocationReader(store).crls();
  t.deepEqual(
    crls.filter(({ issuerKey }) => issuerKey === ca.keyDigest).map(({ number, scope }) => [number, scope]),
    [['03', '']],
  );
});

test('a delta that starts from a list that is not there does not push out one that fits', async (t) => {
  const store = await storeOf(t, { number: 1 }, { number: 2, base: 1, revoked: [['0a']] });
  await t.throwsAsync(put(store, { number: 6, base: 5 }), {
    code: 'PDP_CRL_REFUSED',
    message: /import that one first/,
  });
  t.deepEqual(codes(judge(store, await leafOf('0a'))), ['revocation.revoked']);
  await put(store, { number: 5, revoked: [['0a']] });
  await put(store, { number: 6, base: 5 });
  t.deepEqual(codes(judge(store, await leafOf('0a'))), ['revocation.revoked']);
});

for (const [what, complete] of [
  ['ends before the base of both', { number: 5 }],
  ['is not there', undefined],
] as const) {
  test(`what a delta lists whose complete CRL ${what} is not lost to a later delta`, async (t) => {
    const store = await storeOf(t, ...(complete ? [complete] : []), {
      number: 9,
      base: 7,
      revoked: [['0a']],
    });
    const leaf = await leafOf('0a');
    t.deepEqual(codes(judge(store, leaf)), ['revocation.revoked']);
    const later = { number: 12, base: 11, revoked: [['0b']] } as const;
    await t.throwsAsync(put(store, later), { code: 'PDP_CRL_REFUSED', message: /import that one first/ });
    t.deepEqual(codes(judge(store, leaf)), ['revocation.revoked']);
    await put(store, { number: 11, base: 7, revoked: [['0a'], ['0c']] });
    await put(store, { number: 11, revoked: [['0a'], ['0c']] });
    await put(store, later);
    t.deepEqual(codes(judge(store, leaf)), ['revocation.revoked']);
  });
}

test('what a delta of another part lists is revoked, until a complete CRL of that part comes after it', async (t) => {
  const other = { scope: { uri: second } };
  const store = await storeOf(
    t,
    { scope: { uri: first } },
    { ...other, number: 1 },
    { ...other, number: 2, base: 1, revoked: [['0a', 'certificateHold']] },
  );
  const leaf = await leafOf('0a', { uri: first });
  t.deepEqual(codes(judge(store, leaf)), ['revocation.on_hold']);
  await put(store, { ...other, number: 3 });
  t.deepEqual(codes(judge(store, leaf)), []);
});

test('a hold on another part is lifted by that part’s delta, as on its own', async (t) => {
  const other = { scope: { uri: second } };
  const store = await storeOf(
    t,
    { scope: { uri: first } },
    { ...other, number: 1, revoked: [['0a', 'certificateHold']] },
  );
  const leaf = await leafOf('0a', { uri: first });
  t.deepEqual(codes(judge(store, leaf)), ['revocation.on_hold']);
  await put(store, { ...other, number: 2, base: 1, revoked: [['0a', 'removeFromCRL']] });
  t.deepEqual(codes(judge(store, leaf)), ['revocation.removed_from_hold']);
});

test('a stale list of another scope denies what it lists, beside a fresh one that does not', async (t) => {
  const old = { thisUpdate: now - 9 * day, nextUpdate: now - 8 * day };
  const store = await storeOf(t, { ...old, revoked: [['0a']] }, { scope: { only: 'user' } });
  t.deepEqual(codes(judge(store, await leafOf('0a'))), ['revocation.revoked']);
  t.deepEqual(codes(judge(store, await leafOf('0b'))), []);
});

test('a separate signer of the CA’s name is believed with its own path to the same anchor', async (t) => {
  const store = await storeOf(t, { issuer: signer, revoked: [['0a']] });
  t.deepEqual(codes(judge(store, await leafOf('0a'))), ['revocation.revoked']);
  t.deepEqual(codes(judge(store, await leafOf('0b'))), []);
  const strangers = await storeOf(t, { issuer: stranger, revoked: [['0a']] });
  const judged = judge(strangers, await leafOf('0b'));
  t.deepEqual(codes(judged), ['revocation.crl_missing']);
  t.regex(String(judged.findings[0]?.detail?.['problem']), /no valid path to the anchor/);
});

test('a separate signer that is revoked, or of unknown status, is not believed', async (t) => {
  const revoked = await storeOf(t, { issuer: signer });
  await put(revoked, { issuer: root, number: 2, revoked: [[signer.serial]], nextUpdate: now + day });
  t.deepEqual(codes(judge(revoked, await leafOf('0b'))), ['revocation.crl_missing']);
  const unknown = temporaryStore(t);
  await put(unknown, { issuer: signer });
  t.deepEqual(codes(judge(unknown, await leafOf('0b'))), [
    'revocation.crl_missing',
    'revocation.crl_missing',
  ]);
});

test('entries of an indirect CRL count for the issuer that was named last, each serial number for itself', async (t) => {
  const point = { crlIssuer: office.subject };
  const store = await storeOf(t, {
    issuer: office,
    scope: { indirect: true },
    revoked: [['0a'], ['0b', undefined, root], ['0c'], ['0d', undefined, ca], ['0e']],
  });
  const found = async (serial: string) => codes(judge(store, await leafOf(serial, point)));
  for (const serial of ['0a', '0b', '0c', '0f']) t.deepEqual(await found(serial), [], serial);
  for (const serial of ['0d', '0e']) t.deepEqual(await found(serial), ['revocation.revoked'], serial);
});

test('the facts name the points that a certificate lists, and which of them are loaded', async (t) => {
  const store = await storeOf(t, { scope: { uri: first } });
  const leaf = await leafOf('0a', { uri: first, reasons: [1] }, { uri: second });
  const { facts, findings } = judge(store, leaf);
  t.deepEqual(facts[0]?.distribution_points, [
    {
      crl_issuers: null,
      loaded: true,
      named_by: 'certificate',
      names: [`uri:${first}`],
      reasons: ['keyCompromise'],
    },
    { crl_issuers: null, loaded: false, named_by: 'certificate', names: [`uri:${second}`], reasons: null },
  ]);
  t.like(findings[0], {
    code: 'revocation.shard_not_loaded',
    detail: { not_loaded: `uri:${second}` },
  });
});

test('expected points count for certificates that name none, and only for those', async (t) => {
  const expected = new Map([[ca.keyDigest, [`uri:${first}`, `uri:${second}`]]]);
  const store = await storeOf(t, { scope: { uri: first } }, { scope: { uri: second }, revoked: [['0a']] });
  t.deepEqual(codes(judge(store, await leafOf('0b'), expected)), []);
  t.deepEqual(codes(judge(store, await leafOf('0a'), expected)), ['revocation.revoked']);
  const elsewhere = await leafOf('0b', { uri: 'http://crl.example/3.crl' });
  t.deepEqual(codes(judge(store, elsewhere, expected)), ['revocation.shard_not_loaded']);
  const none = await storeOf(t);
  t.deepEqual(codes(judge(none, await leafOf('0b'), expected)), ['revocation.shard_not_loaded']);
});

test('of parts that are all there the stalest decides', async (t) => {
  const expected = new Map([[ca.keyDigest, [`uri:${first}`, `uri:${second}`]]]);
  const old = { thisUpdate: now - 2 * day, nextUpdate: now - day };
  const store = await storeOf(t, { scope: { uri: first } }, { scope: { uri: second }, ...old });
  const judged = judge(store, await leafOf('0b'), expected);
  t.deepEqual(codes(judged), ['revocation.crl_stale']);
  t.like(judged.facts[0], { this_update: old.thisUpdate, usable_until: null });
});

test('a delta from the future denies for its clock, and its entries count', async (t) => {
  const store = await storeOf(
    t,
    { number: 1, thisUpdate: now - day },
    { number: 2, base: 1, thisUpdate: now, revoked: [['0a']] },
  );
  const at = now - hour;
  t.true(codes(judge(store, await leafOf('0b'), undefined, at)).includes('system.clock_untrusted'));
  t.true(codes(judge(store, await leafOf('0a'), undefined, at)).includes('revocation.revoked'));
});

test('an uncached certificate costs one statement, whole list or many parts', async (t) => {
  const store = await storeOf(t, {}, { scope: { uri: first } }, { scope: { uri: second } });
  const asked: string[] = [];
  const counting: Store = {
    ...bound(store),
    prepare: <Row>(sql: string): Statement<Row> => {
      const statement = store.prepare<Row>(sql);
      const count = <T>(value: T): T => (asked.push(sql), value);
      return {
        get: (...values) => count(statement.get(...values)),
        all: (...values) => count(statement.all(...values)),
        iterate: (...values) => count(statement.iterate(...values)),
        run: (...values) => statement.run(...values),
      };
    },
  };
  const reader = createRevocationReader(counting, { issuers });
  const [one, two] = [await leafOf('0a'), await leafOf('0b', { uri: first })];
  const look = (leaf: Certificate) => store.snapshot(() => reader.lookup(leaf, ca.keyDigest));
  look(one);
  t.is(asked.length, 2, 'the CRLs in force, and the entries');
  look(two);
  t.is(asked.length, 3);
  look(one);
  look(two);
  t.is(asked.length, 3, 'both are remembered');
  await put(store, { number: 2, base: 1, revoked: [['0a']] });
  t.is(look(one).candidates.find(({ crl }) => crl.info.delta)?.crl.entry?.serial, '0a');
});

/** The store's methods, callable from another object. */
function bound(store: Store): Store {
  return {
    path: store.path,
    instance: store.instance,
    prepare: (sql) => store.prepare(sql),
    snapshot: (read) => store.snapshot(read),
    transact: (write) => store.transact(write),
    change: (entry) => store.change(entry),
    epochs: () => store.epochs(),
    changesSince: (epoch, limit) => store.changesSince(epoch, limit),
    close: () => store.close(),
  };
}

test('a separate signer is trusted for as long as its own list is believed, and no longer', async (t) => {
  const store = await storeOf(t);
  await put(store, { issuer: root, number: 2, nextUpdate: now + 2 * hour });
  await put(store, { issuer: signer, nextUpdate: now + day });
  const reader = createRevocationReader(store, { issuers });
  const certificates = [await leafOf('0b'), ...above];
  const certificate = above[1] as Certificate;
  const [strict, lenient] = [true, false].map((required) => ({ required, graceMs: 0 }));
  const said = (at: number, required = true) => {
    const anchor = { certificate, revocation: (required ? strict : lenient) as RevocationRules };
    return codes(store.snapshot(() => judgeRevocation({ certificates, anchor }, reader, at)));
  };
  t.deepEqual(said(now), []);
  t.deepEqual(said(now + hour), []);
  t.deepEqual(said(now + 2 * hour), ['revocation.crl_missing', 'revocation.crl_stale']);
  t.deepEqual(said(now + 2 * hour, false), ['revocation.status_unknown']);
  t.deepEqual(said(now + 2 * hour), ['revocation.crl_missing', 'revocation.crl_stale'], 'by its own rules');
  t.deepEqual(said(now), []);
  await put(store, { issuer: root, number: 3, revoked: [[signer.serial]] });
  t.deepEqual(said(now), ['revocation.crl_missing']);
});

test('a CA that was renamed and kept its key has a list under each name', async (t) => {
  const renamed = await issueCa(root, { subject: 'CN=Renamed,O=Example', keyPair: ca.keys, ...life });
  const store = await storeOf(t, { number: 7, revoked: [['0a']] });
  const crl = await crlOf(renamed, { number: 2 });
  t.true((await importInto(store, [...cas, renamed], crl)).changed);
  t.deepEqual(codes(judge(store, await leafOf('0a'))), ['revocation.revoked']);
  const leaf = parseCertificate(
    (await issueLeaf(renamed, { subject: 'CN=Meter', serial: '0a', ...life })).der,
  );
  const path = [leaf, parseCertificate(renamed.der), above[1] as Certificate];
  const anchor = { certificate: above[1] as Certificate, revocation: { required: true, graceMs: 0 } };
  const reader = createRevocationReader(store, { issuers });
  t.deepEqual(judgeRevocation({ certificates: path, anchor }, reader, now).findings, []);
});
