import test from 'ava';
import { createRedactor } from '../../../../src/audit/redact/redact-record.ts';
import { restore } from '../../../../src/audit/redact/restore.ts';
import { ToldTexts } from '../../../../src/audit/redact/told-texts.ts';
import { recordBytes } from '../../../../src/audit/record.ts';

const ascii = (text: string): string =>
  JSON.stringify(text).replace(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
const pairs = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) => (byte > 127 ? `\\${byte.toString(16)}` : String.fromCharCode(byte)))
    .join('');
const form = (text: string): string => new URLSearchParams({ id: text }).toString();

const spellings: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'with percent signs': encodeURIComponent,
  'with percent signs twice': (text) => encodeURIComponent(encodeURIComponent(text)),
  'as a form': form,
  'with a plus for a space': (text) => text.replaceAll(' ', '+'),
  'as JSON in ASCII': ascii,
  'as JSON in upper-case digits': (text) =>
    ascii(text).replace(/\\u..../g, (one) => `\\u${one.slice(2).toUpperCase()}`),
  'as JSON in a query': (text) => encodeURIComponent(ascii(text)),
  'as a name with pairs of digits': pairs,
  'as a name in JSON in a form': (text) => form(JSON.stringify(pairs(text))),
};

for (const text of ['gerät MTR 12', 'Süd "GmbH" & Söhne', 'meter-0001', 'straße 17+4'])
  for (const [how, spell] of Object.entries(spellings))
    test(`a text that is hidden is found in another one however it is written: ${text} ${how}`, (t) => {
      const told = new ToldTexts([text]);
      const spelled = spell(text);
      // A plus of its own is lost where plus signs stand for spaces.
      if (how === 'with a plus for a space' && text.includes('+')) return t.pass();
      t.true(told.areIn(spelled), spelled);
      t.true(told.areIn(`seen in "${spelled}" today`), spelled);
      t.false(told.areIn(spell('another text: 50% + \\u0041 \\41')));
    });

test('an address that is hidden is found in every spelling, and no other one', (t) => {
  const six = new ToldTexts(['2001:db8::1']);
  for (const text of [
    '2001:0db8:0000:0000:0000:0000:0000:0001',
    'from [2001:DB8:0:0::1]:443 to us',
    '2001:db8::0.0.0.1',
    '2001%3A0db8%3A%3A1',
    'net=2001:db8:0::1/128.',
  ])
    t.true(six.areIn(text), text);
  for (const text of ['2001:db8::2', '::1', 'at 10:20:30', '1.2.3.4', 'a:b', '...'])
    t.false(six.areIn(text), text);
  const four = new ToldTexts(['10.1.2.3']);
  for (const text of ['::ffff:10.1.2.3', '::ffff:a01:203', '[0:0:0:0:0:ffff:0a01:0203]:80', '10.1.2.3/32'])
    t.true(four.areIn(text), text);
  for (const text of ['::ffff:a01:204', '10.1.2.0/24']) t.false(four.areIn(text), text);
  t.true(new ToldTexts(['::ffff:10.1.2.3']).areIn('from 10.1.2.3, first'));
  t.true(new ToldTexts(['10.1.2.0/24']).areIn('in ::ffff:10.1.2.0/120'));
});

test('members whose names tell what is hidden are left out, and it is said of what', (t) => {
  const id = 'meter-0001';
  const record = {
    ...{
      kind: 'decision',
      decision_id: 'd',
      time: '2026-11-20T08:00:00.000Z',
      device_id: id,
      outcome: 'deny',
    },
    facts: { device: { device_id: id, labels: { [id]: 'x', kind: 'y' } } },
    obligations: { headers: { [`x-${id}`]: id, 'x-other': `of ${id}` }, entitlements: [id] },
    reasons: [
      { code: 'policy.denied', message: 'no', detail: { [id]: 3, 'METER%2D0001': true, n: id, m: 1 } },
    ],
    verdict: { more: { deep: [{ deeper: `see ${id}`, [id]: id }] } },
  };
  const redactor = createRedactor({ fields: ['device_id'], linkable: true, keep: null });
  const { record: hiding, opening } = redactor!(record);
  const text = recordBytes(hiding);
  t.false(/meter.?(2d)?0001/i.test(text), text);
  const { redacted, reasons, obligations, facts } = JSON.parse(text) as typeof hiding;
  t.deepEqual(Object.keys(reasons[0]!.detail), ['m', 'n']);
  t.deepEqual(Object.keys(obligations.headers), ['x-other']);
  t.deepEqual(facts.device.labels, { kind: 'y' });
  t.deepEqual(redacted, [
    ...['/device_id', '/facts/device/device_id', '/facts/device/labels', '/obligations/entitlements/0'],
    ...['/obligations/headers', '/obligations/headers/x-other', '/reasons/0/detail', '/reasons/0/detail/n'],
    ...['/verdict/more/deep/0', '/verdict/more/deep/0/deeper'],
  ]);
  // What was left out is not in what opens the record either, and stays told.
  const opened = restore(JSON.parse(text) as typeof hiding, opening);
  t.is(opened.device_id, id);
  t.deepEqual(opened.redacted, [
    ...['/facts/device/labels', '/obligations/headers', '/reasons/0/detail', '/verdict/more/deep/0'],
  ]);
});

test('what is hidden stays so where it stands nowhere but below a member whose name tells it', (t) => {
  const decision = { kind: 'decision', decision_id: 'd', time: '2026-11-20T08:00:00.000Z' };
  for (const [field, record] of [
    ['obligations', { ...decision, obligations: { headers: { 'x-plant-0042': 'plant-0042' } } }],
    [
      'reasons.*.detail',
      {
        ...decision,
        reasons: [{ code: 'policy.denied', message: 'no', detail: { pilot_site: 'pilot_site' } }],
      },
    ],
  ] as const) {
    const redactor = createRedactor({ fields: [field], linkable: true, keep: null });
    const { record: hiding } = redactor!(record);
    t.false(/plant-0042|pilot_site/.test(recordBytes(hiding)), field);
    t.is(hiding.redacted?.length, 1, field);
  }
});

test('a long row of backslashes takes no longer than any text of its length', (t) => {
  const told = new ToldTexts(['meter-0001']);
  for (const text of ['\\'.repeat(65_536), `${'\\'.repeat(65_536)}u`, '\\4'.repeat(32_768)]) {
    const begun = performance.now();
    t.false(told.areIn(text));
    // By the square of its length it took a quarter of a minute.
    t.true(performance.now() - begun < 3000, text.slice(-3));
  }
  t.true(told.areIn(`${'\\'.repeat(65_536)}u006deter-0001`));
});

test('however deep escapes stand within escapes, and however many there are, nothing is shown for it', (t) => {
  const told = new ToldTexts(['meter-0001']);
  const deep = (times: number): string =>
    Array.from({ length: times }).reduce<string>((text) => encodeURIComponent(text), 'meter-0001/%');
  for (const times of [1, 4, 9, 30]) t.true(told.areIn(deep(times).replaceAll('-', '%2D')), `${times} times`);
  const long = 'x'.repeat(5000);
  t.true(told.areIn(`${long} meter%25252D0001`));
  // One of each kind, and nothing in it.
  t.false(told.areIn(`${long} a%2Fb+c \\u0041 d\\2ce`));
});
