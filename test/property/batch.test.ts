import test from 'ava';
import fc from 'fast-check';
import { Readable, Writable } from 'node:stream';
import { runBatch } from '../../src/cli/cert/batch.ts';

const numRuns = 200 * Number(process.env.SOAK_FACTOR ?? 1);

const keys = [
  'id',
  'anchors',
  'intermediates',
  'leaf',
  'crls',
  'at',
  'eku',
  'max_depth',
  'strict',
  'require_revocation',
];

/** Values of the right kind and of wrong ones. */
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constant('2026-06-01T12:00:00Z'),
  fc.constant('-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----'),
  fc.array(fc.constant('-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----'), { maxLength: 2 }),
);
const line = fc.oneof(
  fc.dictionary(fc.constantFrom(...keys), value, { noNullPrototype: true }).map((one) => JSON.stringify(one)),
  fc.json(),
  fc.string().map((text) => text.replaceAll('\n', ' ')),
);

async function answers(input: readonly Buffer[]): Promise<string[]> {
  const chunks: Buffer[] = [];
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  await runBatch(Readable.from(input), output);
  return Buffer.concat(chunks).toString().split('\n').slice(0, -1);
}

test('every line has one answer, a result or an error, however the input is cut into pieces', async (t) => {
  const pieces = fc.integer({ min: 1, max: 64 });
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 5 }), pieces, async (some, size) => {
      const bytes = Buffer.from(some.map((one) => `${one}\n`).join(''));
      const input = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      const results = (await answers(input)).map((text) => JSON.parse(text) as Record<string, unknown>);
      return (
        results.length === some.length &&
        results.every((one) => 'id' in one && 'error' in one !== 'valid' in one)
      );
    }),
    { numRuns },
  );
  t.pass();
});
