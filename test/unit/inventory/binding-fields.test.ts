import test from 'ava';
import fc from 'fast-check';
import { bindingData, bindingText, readBindings } from '../../../src/inventory/binding-fields.ts';
import { ending, withBinding } from '../../../src/inventory/bind.ts';
import type { BoundDigest, IssuedBinding } from '../../../src/inventory/types.ts';

const runs = 100 * Number(process.env['SOAK_FACTOR'] ?? 1);
const digest = 'ab'.repeat(32);
const other = 'cd'.repeat(32);

function read(name: string, value: unknown) {
  const problems: string[] = [];
  const bound = readBindings(name, value, (message) => problems.push(message));
  return { bound, problems };
}

test('a digest is bound without a window, within one as object, and within one as text', (t) => {
  const window = { since: Date.UTC(2026, 0), until: Date.UTC(2027, 0) };
  const texts = { since: '2026-01-01T00:00:00Z', until: '2027-01-01T01:00:00+01:00' };
  t.deepEqual(read('keys', [digest.toUpperCase()]).bound, [digest]);
  t.deepEqual(read('keys', [{ sha256: digest, ...texts }]).bound, [{ sha256: digest, ...window }]);
  t.deepEqual(read('keys', [`${digest};since=${texts.since};until=${texts.until}`]).bound, [
    { sha256: digest, ...window },
  ]);
  t.deepEqual(read('keys', [{ sha256: digest }]).bound, [digest]);
});

test('issuer and serial are normalised, by name and by key', (t) => {
  t.deepEqual(
    read('issued', ['meters-ca/0x00:0A:1B', { issuer: digest.toUpperCase(), serial: '00' }]).bound,
    [
      { issuer: digest, serial: '0' },
      { issuer: 'meters-ca', serial: 'a1b' },
    ],
  );
});

test('the same binding twice is one, and with two windows a problem', (t) => {
  t.deepEqual(read('certificates', [digest, { sha256: digest }]), { bound: [digest], problems: [] });
  const twice = read('certificates', [digest, { sha256: digest, until: '2027-01-01T00:00:00Z' }]);
  t.regex(twice.problems.join(), /there twice, with different windows/);
});

for (const [name, value, problem] of [
  ['keys', 'x', /must be a list/],
  ['keys', [7], /must be a text or an object/],
  ['keys', ['abc'], /64 hex digits/],
  ['keys', [`ca/${'01'}`], /64 hex digits/],
  ['keys', [{ sha256: digest, until: 'tomorrow' }], /not RFC 3339/],
  ['keys', [{ sha256: digest, until: 7 }], /not RFC 3339/],
  ['keys', [{ sha256: digest, note: 'x' }], /since, until at most/],
  ['keys', [{ sha256: digest, since: '2027-01-01T00:00:00Z', until: '2027-01-01T00:00:00Z' }], /ends before/],
  ['keys', [`${digest};until=2027-01-01T00:00:00Z;until=2028-01-01T00:00:00Z`], /at most/],
  ['keys', Array.from({ length: 65 }, () => digest), /more than 64/],
  ['issued', [digest], /must have issuer and serial/],
  ['issued', ['meters ca/01'], /neither a CA's configured name/],
  ['issued', ['meters/xyz'], /not hex/],
  ['issued', ['meters/'], /not hex/],
] as const) {
  test(`${name}: ${JSON.stringify(value).slice(0, 90)} is a problem`, (t) => {
    t.regex(read(name, value).problems.join(), problem);
  });
}

test('what is written as text or as object is read again as the same', (t) => {
  const instant = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
  const window = fc.tuple(fc.option(instant), fc.option(instant)).map(([since, length]) => ({
    ...(since !== null && { since }),
    ...(length !== null && { until: (since ?? 0) + length + 1 }),
  }));
  const hex = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes).toString('hex'));
  const bound = fc
    .tuple(hex, window)
    .map(([sha256, when]): BoundDigest => (Object.keys(when).length === 0 ? sha256 : { sha256, ...when }));
  const issued = fc
    .tuple(fc.constantFrom('meters', 'fleet.root-1'), fc.bigInt({ min: 0n, max: 1n << 159n }), window)
    .map(([issuer, serial, when]): IssuedBinding => ({ issuer, serial: serial.toString(16), ...when }));
  fc.assert(
    fc.property(bound, issued, (one, two) => {
      t.deepEqual(read('keys', [bindingText(one)]), { bound: [one], problems: [] });
      t.deepEqual(read('keys', [bindingData(one)]), { bound: [one], problems: [] });
      t.deepEqual(read('issued', [bindingText(two)]), { bound: [two], problems: [] });
      t.deepEqual(read('issued', [bindingData(two)]), { bound: [two], problems: [] });
    }),
    { numRuns: runs },
  );
});

test('a renewal ends the others no later than the overlap, and never gives one more time', (t) => {
  const list: BoundDigest[] = [digest, { sha256: other, until: 50 }];
  const renewed = 'ef'.repeat(32);
  t.deepEqual(withBinding(list, renewed, 100), [
    { sha256: digest, until: 100 },
    { sha256: other, until: 50 },
    renewed,
  ]);
  t.deepEqual(withBinding(list, { sha256: digest, until: 70 }), [
    { sha256: other, until: 50 },
    { sha256: digest, until: 70 },
  ]);
  t.deepEqual(ending<BoundDigest>({ sha256: other, since: 10 }, 20), { sha256: other, since: 10, until: 20 });
});
