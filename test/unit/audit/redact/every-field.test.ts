import test from 'ava';
import { buildAct } from '../../../../src/audit/acts.ts';
import { TileWriter } from '../../../../src/audit/index/add-tile.ts';
import { readColumn } from '../../../../src/audit/index/column.ts';
import { termOf } from '../../../../src/audit/index/term.ts';
import { BucketReader } from '../../../../src/audit/index/run.ts';
import { ocsfEvent } from '../../../../src/audit/ocsf.ts';
import { buildRecord, recordBytes } from '../../../../src/audit/record.ts';
import type { AuditRecord } from '../../../../src/audit/record.ts';
import { createActRedactor, createRedactor } from '../../../../src/audit/redact/redact-record.ts';
import { restore } from '../../../../src/audit/redact/restore.ts';
import type { FieldName } from '../../../../src/audit/query/fields.ts';
import { canonicalJson } from '../../../../src/lib/canonical-json.ts';
import { makeWorld } from '../../../helpers/world.ts';

/** Digests and serials that nothing else has. */
const digest = (number: number): string => number.toString(16).padStart(2, '0').repeat(32);
const colons = (hex: string): string => hex.toUpperCase().replace(/..(?=.)/g, '$&:');

/** What a record has of each field that documents name, in the forms in which it has it. */
const told = {
  device_id: ['Meter-ÅØ-4711', 'METER-åø-4711'],
  owner: ['Stadtwerke, Süd "GmbH"', '2.5.4.10=stadtwerke\\, süd "gmbh",2.5.4.3=x'],
  class: ['quadrant-class'],
  site: ['pier-nineteen'],
  leaf: [digest(0xa1), colons(digest(0xa1)), digest(0xa2)],
  key: [digest(0xa3), colons(digest(0xa3)), digest(0xa2)],
  issuer: [
    'CN=Unlike CA,O=Someone Else',
    '2.5.4.10=someone else,2.5.4.3=unlike ca',
    'unlike-intermediate',
    digest(0xa4),
    digest(0xa5),
    'CN=Unlike CA\\,O=Someone Else',
    `#0c1b${Buffer.from('CN=Unlike CA,O=Someone Else').toString('hex')}`,
  ],
  serial: ['4f3e2d1c0b0a99887766', colons('4f3e2d1c0b0a99887766')],
  'facts.connection.source_ip': ['203.0.113.77', '203.0.113.0/24'],
  'facts.connection.http.path': ['/readings/seventeen'],
  connection_id: ['connection-5150'],
  request_id: ['request-6260'],
  gateway: ['gateway-seven-of-nine'],
  'pep.name': ['envoy-at-the-pier'],
} as const;
type Field = keyof typeof told;
const fields = Object.keys(told) as readonly Field[];

/** A record that has all of it, where records have it, and once more in a text of each kind. */
function record(made: AuditRecord): AuditRecord {
  const facts = made.facts as NonNullable<AuditRecord['facts']>;
  const [leaf, leafWithColons, chain] = told.leaf;
  const [issuer, normalised, intermediate, issuerKey, issuerCertificate] = told.issuer;
  const [device] = told.device_id;
  const [address, network] = told['facts.connection.source_ip'];
  const [serial] = told.serial;
  const [key] = told.key;
  const all = fields.flatMap((field) => told[field]);
  const mentioned = Object.fromEntries(all.map((text, at) => [`x-${at}`, `see <${text}>.`]));
  return {
    ...made,
    ...{
      device_id: device,
      owner: told.owner[0],
      class: told.class[0],
      site: told.site[0],
      leaf,
      key,
      issuer,
    },
    ...{ issuer_key: issuerKey, serial, connection_id: told.connection_id[0], gateway: told.gateway[0] },
    ...{ request_id: told.request_id[0], tags: [], pep: { ...made.pep, name: told['pep.name'][0] } },
    obligations: { ...made.obligations, headers: mentioned },
    reasons: [
      {
        ...{ code: 'policy.ok', severity: 'info', message: 'All is well.' },
        detail: Object.fromEntries(all.map((text, at) => [`d${at}`, text])),
      },
    ],
    versions: {
      ...made.versions,
      crls: [{ issuer_key: issuerKey, number: '1', digest: digest(0xb1) }],
    },
    facts: {
      ...facts,
      device_id: device,
      pep: { ...facts.pep, name: told['pep.name'][0] },
      connection: {
        ...facts.connection,
        ...{ source_ip: address, connection_id: told.connection_id[0], request_id: told.request_id[0] },
        claims: { device_id: told.device_id[1], serial: null, firmware_hash: null },
        http: { host: 'h.example', method: 'GET', path: told['facts.connection.http.path'][0] },
      },
      credential: facts.credential && {
        ...facts.credential,
        ...{ fingerprint: leaf, key: chain, key_digest: key, serial, issuer: intermediate },
        ...{ issuer_key: issuerKey, issuer_name: issuer, path: [leaf, issuerCertificate, digest(0xb2)] },
        identity: { scheme: 'san_uri', id: told.device_id[1] } as never,
      },
      revocation: facts.revocation.slice(0, 1).map((one) => ({
        ...one,
        ...{ issuer_dn: normalised, issuer_key: issuerKey, serial, source: `/crls/${leafWithColons}.crl` },
      })),
      device: facts.device && {
        ...facts.device,
        ...{ device_id: device, owner: told.owner[0], class: told.class[0], site: told.site[0] },
        ...{ certificates: [leaf], keys: [key], tags: [] },
      },
      gateway: null,
      shared_use: {
        ...{ moves: 1, scope: 'networks' },
        uses: [{ device_id: told.device_id[1], gateway: told.gateway[0], last_used: 0, network }],
      } as never,
    },
    input: {
      ...(made.input as NonNullable<AuditRecord['input']>),
      ...{ device_id: device, device_owner: told.owner[0], device_class: told.class[0], key_digest: key },
      ...{ device_site: told.site[0], certificate_fingerprint: leaf, certificate_serial: serial },
      ...{ issuer: intermediate, source_ip: address, claimed_device_id: told.device_id[1] },
      ...{ gateway: told.gateway[0], http_path: told['facts.connection.http.path'][0], device_tags: [] },
      pep: told['pep.name'][0],
    },
  };
}

/** Every form in which a text could be told again. */
function formsOf(text: string): readonly string[] {
  const escaped = JSON.stringify(text).slice(1, -1);
  const hex = /^[0-9a-f]{12,}$/.test(text) ? [colons(text), colons(text).toLowerCase()] : [];
  return [text, escaped, Buffer.from(text).toString('hex'), encodeURIComponent(text), ...hex];
}

function tellsOf(bytes: string, field: Field): readonly string[] {
  const lower = bytes.toLowerCase();
  return told[field].flatMap(formsOf).filter((form) => lower.includes(form.toLowerCase()));
}

async function made(t: { teardown(work: () => unknown): void }): Promise<AuditRecord> {
  const world = await makeWorld();
  t.teardown(() => world.close());
  const leaf = await world.leaf('meter/1');
  return record(buildRecord(await world.decide(world.connect({ shows: leaf }))));
}

test('of each field that is named neither the value nor any form of it stands in the record, and all else does', async (t) => {
  const whole = await made(t);
  for (const field of fields) {
    t.true(tellsOf(recordBytes(whole), field).length >= told[field].length, `the record has ${field}`);
    for (const linkable of [true, false]) {
      const { record: hiding, opening } = createRedactor({ fields: [field], linkable, keep: null })!(whole);
      const bytes = recordBytes(hiding);
      t.deepEqual(tellsOf(bytes, field), [], field);
      // What sinks get is made from the record's bytes.
      const place = { log: 'o', index: 1, hash: 'h', text: bytes };
      t.deepEqual(tellsOf(canonicalJson(ocsfEvent(place, JSON.parse(bytes) as never)), field), [], field);
      for (const other of fields) {
        const shares = told[other].some((text) => told[field].some((own) => own === text));
        if (other !== field && !shares)
          t.not(tellsOf(bytes, other).length, 0, `${field} takes ${other} along`);
      }
      t.is(canonicalJson(restore(hiding, opening)), canonicalJson(whole), field);
    }
  }
});

test('an index says nothing of what is hidden: neither as text nor as a term that can be looked up', async (t) => {
  const whole = await made(t);
  const key = Buffer.alloc(8, 7);
  const names: Partial<Record<Field, FieldName>> = {
    ...{ device_id: 'device', owner: 'owner', class: 'class', site: 'site', leaf: 'certificate', key: 'key' },
    ...{ issuer: 'issuer', serial: 'serial', 'facts.connection.source_ip': 'network', gateway: 'gateway' },
    ...{ connection_id: 'connection', request_id: 'request', 'pep.name': 'pep' },
  };
  for (const [field, name] of Object.entries(names) as [Field, FieldName][]) {
    const { record: hiding } = createRedactor({ fields: [field], linkable: true, keep: null })!(whole);
    const has = (one: AuditRecord): readonly boolean[] => {
      const { terms, texts } = indexed(recordBytes(one), key);
      return [
        told[field].some((text) => terms.has(termOf(key, name, text))),
        tellsOf(texts, field).length > 0,
      ];
    };
    t.true(has(whole)[0], field);
    t.deepEqual(has(hiding), [false, false], field);
  }
});

/** What an index has of 256 entries that are all this record. */
function indexed(text: string, key: Uint8Array) {
  const one = Buffer.from(text);
  const places = Array.from({ length: 256 }, (_, place) => place * one.length);
  const writer = new TileWriter(key);
  writer.add(0, {
    bytes: Buffer.concat(places.map(() => one)),
    from: Int32Array.from(places),
    to: Int32Array.from(places, (from) => from + one.length),
  });
  const { tiles, run } = writer.finish();
  const terms = new Set<number>();
  for (const [place, bytes] of run.buckets) {
    const reader = new BucketReader(bytes, run.spread, place);
    for (const into = new Uint16Array(16_384); reader.next(); reader.positions(into)) terms.add(reader.term);
  }
  const texts = tiles.flatMap(({ columns }) => columns.flatMap((column) => readColumn(column, 256).texts));
  return { terms, texts: texts.join('\n') };
}

test('an act hides a text in whichever form it stands there', (t) => {
  const parts = {
    ...{
      act: 'change',
      actor: 'ann',
      selector: told.issuer[3],
      why: `new list of ${told.issuer[0].toUpperCase()}`,
    },
    detail: {
      ...{ kind: 'crl.import', issuer: told.issuer[0], digest: digest(0xb1), number: '1', added: 2 },
      ...{ source: `/crls/${encodeURIComponent(told.issuer[0])}.crl`, revoked_cas: ['0badcafe0badcafe'] },
    },
  } as const;
  const act = buildAct({ program: 'portreeve/1', instance: 'i', mode: 'strict' }, 0, parts as never);
  const { record: hiding, opening } = createActRedactor({ fields: ['issuer'], linkable: true, keep: null })!(
    act,
    () => 'the-act',
  );
  const bytes = recordBytes(hiding).toLowerCase();
  for (const text of [told.issuer[0], told.issuer[3], encodeURIComponent(told.issuer[0])])
    t.false(bytes.includes(text.toLowerCase()), text);
  t.true(bytes.includes(digest(0xb1)), 'what is kept is named');
  const { act_id: _id, ...restored } = restore(hiding, opening);
  t.is(recordBytes(restored), recordBytes(act));
});
