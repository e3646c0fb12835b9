import test from 'ava';
import fc from 'fast-check';
import { readTold } from '../../../../src/audit/verify/read-told.ts';
import { isCanonical } from '../../../../src/audit/verify/record-form.ts';
import { EntryScanner } from '../../../../src/audit/verify/scan-entry.ts';
import { readEntry } from '../../../../src/audit/sources/read-entry.ts';
import { recordBytes } from '../../../../src/audit/record.ts';
import { entryOf, logBegin } from '../../../helpers/made-log.ts';

const scanner = new EntryScanner();

/** What is found in bytes: the texts of `time` and `kind`; undefined where it has to be parsed. */
function found(bytes: Uint8Array): readonly (string | undefined)[] | undefined {
  if (!scanner.scan(bytes)) return undefined;
  const { timeFrom, timeTo, kindFrom, kindTo } = scanner;
  const text = (from: number, to: number): string | undefined =>
    from < 0 ? undefined : Buffer.from(bytes.subarray(from, to)).toString();
  return [text(timeFrom, timeTo), text(kindFrom, kindTo)];
}

/** The same by JSON.parse; undefined for what is no object. */
function parsed(bytes: Uint8Array): readonly (string | undefined)[] | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const { time, kind } = value as Record<string, unknown>;
    return [time, kind].map((one) => (typeof one === 'string' ? one : undefined));
  } catch {
    return undefined;
  }
}

test('what is found in any object without a blank is what JSON.parse finds', (t) => {
  const member = fc.constantFrom('time', 'kind', 'tim', 'times', 'u"time', 'a\\', 'detail');
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(true, false, null, '2026-11-01T00:00:00.000Z', 'decision', '","time":"x"'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(member, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const record = fc.dictionary(member, value, { maxKeys: 6 });
  let scanned = 0;
  fc.assert(
    fc.property(record, (one) => {
      const bytes = Buffer.from(JSON.stringify(one));
      const own = found(bytes);
      if (own === undefined) return;
      scanned += 1;
      t.deepEqual(own, parsed(bytes));
    }),
    { numRuns: 2000 },
  );
  t.true(scanned > 100, String(scanned));
});

test('what JSON.parse refuses is never taken for an object, whichever byte of it is another one', (t) => {
  const text = `{"a":{"b":[1,-0.5,1e+30,true,null,"\\u001f\\n"],"c":{}},"kind":"decision","n":[],"time":"2026-11-01T00:00:00Z"}`;
  t.deepEqual(found(Buffer.from(text)), ['2026-11-01T00:00:00Z', 'decision']);
  const others = [...Buffer.from('{}[]",:\\ue0-+. \n'), 0x01, 0x7f, 0xff, 0x78];
  for (let place = 0; place < text.length; place += 1) {
    for (const other of others) {
      const changed = Buffer.from(text);
      changed[place] = other;
      const cut = Buffer.concat([changed.subarray(0, place), changed.subarray(place + 1)]);
      const more = Buffer.concat([changed.subarray(0, place), Buffer.of(other), changed.subarray(place)]);
      for (const bytes of [changed, cut, more, changed.subarray(0, place)]) {
        const own = found(bytes);
        if (own !== undefined) t.deepEqual(own, parsed(bytes), bytes.toString('latin1'));
      }
    }
  }
});

test('an entry is a record where readers take it for one, with the time that they take, or is odd', (t) => {
  const whole = Buffer.from(entryOf(7, logBegin + 7000)).toString();
  const texts = [
    ...[whole, ` ${whole}`, `${whole}x`, '[]', 'null', '1', '', '{}', '{"time":"bad"}', '{"time":5}'],
    whole.replace('"time":"', '"time":"2026-11-01T00:00:00Z","x":"'),
    whole.replace('{', '{"time":"2026-10-01T00:00:00Z",'),
    `${whole.slice(0, -1)},"time":5}`,
    whole.replace('"time"', '"\\u0074ime"'),
    whole.replace('2026-', '\\u0032026-'),
    whole.replace('"decision"', '"act"'),
    whole.replace('"decision"', '"merged"'),
    `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`,
    `{"a":${'['.repeat(100)}${']'.repeat(100)},"time":"2026-11-01T00:00:00+01:00"}`,
  ];
  let odd = 0;
  for (const text of texts) {
    const [told, entry] = [readTold(Buffer.from(text)), readEntry('', 0, Buffer.from(text))];
    if (told !== 'odd') t.is(told?.time, entry?.time, text);
    else {
      odd += 1;
      t.not(entry, undefined);
      t.not(recordBytes(entry!.record), text);
    }
  }
  t.is(odd, 5);
  // An entry that is more than one line is none to whoever reads lines.
  t.is(readTold(Buffer.from(`${whole}\n`)), undefined);
  const act = readTold(Buffer.from(recordBytes({ act: 'stop', kind: 'act', time: '2026-11-01T00:00:00Z' })));
  t.is(act === 'odd' ? act : act?.act?.act, 'stop');
});

test('what is found without parsing is canonical, and what is not canonical is odd, whatever text it is', (t) => {
  const name = fc.oneof(
    fc.constantFrom('a', 'b', 'é', '\u{1f600}', '\ufb01', 'a"', 'a\u0001', ''),
    fc.string(),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.string({ unit: 'binary' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.constantFrom(true, null, '\u0000\u001f\u007f\u2028/'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const time = '2026-11-01T00:00:00Z';
  fc.assert(
    fc.property(
      fc.dictionary(name, value, { maxKeys: 4 }),
      fc.nat(),
      fc.string({ maxLength: 2 }),
      (one, at, put) => {
        const right = recordBytes({ ...one, kind: 'decision', time });
        t.deepEqual(readTold(Buffer.from(right)), { time: Date.parse(time) }, right);
        const place = at % right.length;
        const text = Buffer.from(`${right.slice(0, place)}${put}${right.slice(place)}`).toString();
        const told = readTold(Buffer.from(text));
        if (told === undefined) return;
        const isRight = isCanonical(text, JSON.parse(text));
        t.is(told === 'odd', !isRight, text);
        if (scanner.scan(Buffer.from(text))) t.true(isRight);
      },
    ),
    { numRuns: 3000 },
  );
});
