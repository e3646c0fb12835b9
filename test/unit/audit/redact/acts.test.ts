import { readFileSync } from 'node:fs';
import test from 'ava';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { buildAct } from '../../../../src/audit/acts.ts';
import type { ActRecord } from '../../../../src/audit/acts.ts';
import { recordBytes } from '../../../../src/audit/record.ts';
import { createActRedactor } from '../../../../src/audit/redact/redact-record.ts';
import { proves, restore, reveal } from '../../../../src/audit/redact/restore.ts';
import { hideInShadow } from '../../../../src/audit/shadow-hidden.ts';
import type { ShadowRecord, ShadowSummaryRecord } from '../../../../src/audit/shadow-record.ts';

interface Case {
  readonly title: string;
  readonly fields: readonly string[];
  readonly act: Partial<ActRecord> & Pick<ActRecord, 'act' | 'detail'>;
  readonly hides: readonly string[];
  readonly lacks?: readonly string[];
}

const file = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const cases = parse(file('cases.yaml')) as readonly Case[];
const schema = JSON.parse(file('../../../../src/audit/act.schema.json')) as object;
const isAct = new Ajv2020({ strict: false }).compile(schema);

for (const { title, fields, act: parts, hides, lacks = [] } of cases) {
  test(title, (t) => {
    const act = buildAct({ program: 'portreeve/1', instance: 'i', mode: 'strict' }, 0, parts);
    const redactor = createActRedactor({ fields, linkable: true, keep: null });
    const { record, opening } = redactor?.(act, () => 'the-act') ?? {};
    if (!record) throw new Error('nothing is to be redacted');
    t.deepEqual(record.redacted ?? [], hides);
    const written = JSON.parse(recordBytes(record)) as ActRecord;
    t.true(isAct(written), JSON.stringify(isAct.errors));
    for (const text of lacks) t.false(recordBytes(record).includes(text), text);
    if (hides.length === 0) return t.is(record, act);
    if (!opening) throw new Error('nothing opens it');
    t.is(written.act_id, 'the-act');
    for (const field of hides) {
      const revealed = reveal(opening, field);
      t.true(revealed !== undefined && proves(written, revealed), field);
    }
    const { act_id: _id, ...restored } = restore(written, opening);
    t.is(recordBytes(restored), recordBytes(act));
  });
}

test('a policy on trial tells class and site only where no path hides them, however the path is written', (t) => {
  const summary = {
    kind: 'shadow_summary',
    by_class: [{ name: 'meter', count: 1 }],
    by_site: [{ name: 'harbour', count: 1 }],
  } as unknown as ShadowSummaryRecord;
  const told = (field: string): readonly number[] => {
    const { by_class: classes, by_site: sites } = hideInShadow(summary, { fields: [field] });
    return [classes.length, sites.length];
  };
  t.deepEqual(told('owner'), [1, 1]);
  t.deepEqual(told('class'), [0, 1]);
  for (const all of ['/facts/device', 'facts', 'input.*', '/facts/device/*'])
    t.deepEqual(told(all), [0, 0], all);
  t.deepEqual(told('/pep/site'), [1, 0]);
});

test('the record of a policy on trial leaves the device and all details out where anything is hidden', (t) => {
  const reason = { code: 'custom.x', severity: 'error', detail: { id: 'meter-7' } };
  const record = {
    ...{ kind: 'shadow', device_id: 'meter-7', class: 'meter', site: 'harbour', reasons: [reason] },
    shadow: { would: { reasons: [reason], faults: [{ code: 'policy.error', message: 'of meter-7' }] } },
  } as unknown as ShadowRecord;
  const hidden = hideInShadow(record, { fields: ['facts.connection.source_ip'] });
  t.false(JSON.stringify(hidden).includes('meter-7'));
  t.like(hidden, { class: 'meter', site: 'harbour' });
  t.is(hideInShadow(record, { fields: [] }), record);
});
