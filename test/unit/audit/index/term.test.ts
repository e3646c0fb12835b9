import test from 'ava';
import fc from 'fast-check';
import { AddressNetworks } from '../../../../src/audit/index/address-networks.ts';
import { countedValue } from '../../../../src/audit/index/counted.ts';
import { RecordTimes } from '../../../../src/audit/index/record-time.ts';
import { termOf } from '../../../../src/audit/index/term.ts';
import { recordNetworks } from '../../../../src/audit/query/networks.ts';
import { formatInstant, parseInstant } from '../../../../src/lib/clock.ts';

const [key, other] = [Buffer.from('0123456789abcdef', 'hex'), Buffer.from('0123456789abcdee', 'hex')];

test('a term is of its key, its field and every byte of its value', (t) => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (bytes, place, change) => {
        const text = Buffer.from(bytes).toString('latin1');
        const term = termOf(key, 'device', text);
        t.true(Number.isSafeInteger(term) && term >= 0 && term < 2 ** 48);
        t.is(termOf(key, 'device', text), term);
        const changed = Buffer.from(bytes);
        changed[place % Math.max(1, bytes.length)] =
          (changed[place % Math.max(1, bytes.length)] ?? 0) ^ change;
        const others = [
          termOf(other, 'device', text),
          termOf(key, 'serial', text),
          termOf(key, 'device', `${text}\0`),
        ];
        if (bytes.length > 0) others.push(termOf(key, 'device', changed.toString('latin1')));
        t.false(others.includes(term));
      },
    ),
  );
});

test('terms are spread evenly', (t) => {
  const counts = new Uint32Array(64);
  for (let number = 0; number < 6400; number += 1) {
    const slot = Math.floor(termOf(key, 'device', `device-${number}`) / 2 ** 42);
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  t.true(Math.min(...counts) > 50 && Math.max(...counts) < 160, counts.join());
});

test('the networks of an address in bytes are those of its text, and it is counted under the same', (t) => {
  const networks = new AddressNetworks();
  const odd = fc.constantFrom(
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.',
    '.1.2.3',
    '1.2.3.4/20',
    '::',
  );
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), odd, fc.string()), (address) => {
      const bytes = Buffer.from(`x${address}x`);
      networks.find(bytes, 1, bytes.byteLength - 1);
      const expected = recordNetworks(address);
      const found = Array.from({ length: networks.count }, (_, place) =>
        Buffer.from(networks.bytes.subarray(networks.from[place], networks.to[place])).toString(),
      );
      t.deepEqual(found, expected);
      if (expected.length > 0) t.is(found[networks.counted], countedValue('network', expected));
    }),
  );
});

test('a time in bytes is read as its text is, whatever came before it', (t) => {
  const times = new RecordTimes();
  const instant = fc.integer({ min: 1_795_161_600_000, max: 1_795_161_720_000 }).map(formatInstant);
  const changed = fc
    .tuple(instant, fc.nat(23), fc.constantFrom('0', '6', '9', ':', 'x', ' '))
    .map(([text, place, letter]) => text.slice(0, place) + letter + text.slice(place + 1));
  const odd = fc.constantFrom('2026-11-20T08:00:00Z', '2026-11-20T09:00:00.5+01:00', '', 'never');
  fc.assert(
    fc.property(fc.array(fc.oneof(instant, instant, changed, odd), { maxLength: 6 }), (texts) => {
      for (const text of texts) {
        const bytes = Buffer.from(`"${text}"`);
        t.is(times.read(bytes, 1, bytes.byteLength - 1), parseInstant(text), text);
      }
    }),
  );
});
