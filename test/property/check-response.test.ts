/* CheckResponses written straight to bytes against the library's encoding of the same answers: the same bytes. */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { overwrite } from '../../src/api/ext-authz/headers.ts';
import type { CheckResponse } from '../../src/api/ext-authz/wire.ts';
import { writeCheck } from '../../src/api/ext-authz/write-check.ts';
import { messageCodec } from '../../src/api/load-protos.ts';

const numRuns = 500 * Number(process.env.SOAK_FACTOR ?? 1);
const codec = messageCodec<CheckResponse>('envoy.service.auth.v3.CheckResponse');

const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(...[127, 128, 8192, 16_383, 16_384].map((length) => 'v'.repeat(length)), 'é'.repeat(64)),
);
const code = fc.oneof(fc.nat(599), fc.nat(2 ** 31 - 1));
const headers = fc.array(
  fc.tuple(text, text).map(([key, value]) => overwrite(key, value)),
  { maxLength: 6 },
);
const fields = fc.dictionary(
  text.filter((key) => key !== '__proto__'),
  text.map((stringValue) => ({ stringValue })),
  { maxKeys: 5 },
);
const whole: { requiredKeys: ('status' | 'dynamic_metadata')[] } = {
  requiredKeys: ['status', 'dynamic_metadata'],
};
const common = {
  status: fc.record({ code, message: text }, { requiredKeys: ['code'] }),
  dynamic_metadata: fc.record({ fields }),
};
const answers: fc.Arbitrary<CheckResponse> = fc.oneof(
  fc.record(
    { ...common, ok_response: fc.record({ headers, headers_to_remove: fc.array(text, { maxLength: 3 }) }) },
    whole,
  ),
  fc.record(
    { ...common, denied_response: fc.record({ status: fc.record({ code }), headers, body: text }) },
    whole,
  ),
);

test('an answer is written as the library writes it', (t) => {
  fc.assert(
    fc.property(answers, (answer) => {
      assert.equal(writeCheck(answer).toString('hex'), codec.encode(answer).toString('hex'));
    }),
    { numRuns },
  );
  t.pass();
});

test('half a surrogate pair becomes U+FFFD', (t) => {
  const answer = { status: { code: 7, message: 'a\ud800b' } };
  t.is(codec.decode(writeCheck(answer)).status.message, 'a\ufffdb');
});
