import test from 'ava';
import fc from 'fast-check';
import { readForwarded } from '../../src/context/forwarded-credential.ts';
import { Refusal } from '../../src/context/refusal.ts';
import { parseXfcc } from '../../src/context/xfcc.ts';
import type { XfccElement } from '../../src/context/xfcc.ts';

const numRuns = 300 * Number(process.env.SOAK_FACTOR ?? 1);

const value = fc.string({
  unit: fc.constantFrom('a', 'B', '7', '%', '/', ':', ' ', ',', ';', '=', '"', '\\'),
});
const element: fc.Arbitrary<XfccElement> = fc.record(
  {
    hash: value,
    cert: value,
    chain: value,
    subject: value,
    uri: fc.array(value, { maxLength: 3 }),
    dns: fc.array(value, { maxLength: 3 }),
    by: fc.array(value, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: ['uri', 'dns', 'by'] },
);

function write(elements: readonly XfccElement[]): string {
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
  return elements
    .map((one) =>
      Object.entries(one)
        .flatMap(([key, values]) => [values].flat().map((text: string) => `${key}=${quoted(text)}`))
        .join(';'),
    )
    .join(',');
}

test('what is written in the format is read back as it was', (t) => {
  fc.assert(
    fc.property(fc.array(element, { minLength: 1, maxLength: 4 }), (elements) => {
      t.deepEqual(parseXfcc(write(elements)), elements);
    }),
    { numRuns },
  );
});

const noise = fc.string({
  unit: fc.constantFrom(
    'Hash',
    'Cert',
    'URI',
    '=',
    '"',
    '\\',
    ';',
    ',',
    ' ',
    'a',
    '%',
    '\u0000',
    '\ufffd',
    'é',
  ),
  maxLength: 60,
});

test('no header makes the reader throw: it answers elements or a refusal', (t) => {
  fc.assert(
    fc.property(fc.oneof(noise, fc.string({ unit: 'binary' })), fc.nat(3), (header, hops) => {
      const elements = parseXfcc(header);
      t.true(elements instanceof Refusal || elements.length > 0);
      const credential = readForwarded(header, hops);
      t.true(credential instanceof Refusal || credential?.source === 'xfcc');
    }),
    { numRuns },
  );
});
