/*
 * CheckRequests read straight from their bytes against the library's decoding of the whole message: the same context or
 * the same refusal, whatever the bytes.
 */
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { requestIdHeader } from '../../src/api/ext-authz/check-parts.ts';
import { decodeCheck } from '../../src/api/ext-authz/decode.ts';
import { readCheck } from '../../src/api/ext-authz/read-check.ts';
import type { CheckRequest } from '../../src/api/ext-authz/wire.ts';
import { KnownNames } from '../../src/api/known-names.ts';
import { messageCodec } from '../../src/api/load-protos.ts';
import { buildContext } from '../../src/context/build.ts';
import { headersAskedFor } from '../../src/context/header-names.ts';
import { Refusal } from '../../src/context/refusal.ts';
import type { Pep, RawConnection } from '../../src/context/types.ts';
import { oddChecks, usualChecks } from '../helpers/check-bytes.ts';
import { createRandom, mutate } from '../helpers/fuzz-inputs.ts';
import { edge, settings } from '../unit/context/fixtures.ts';

const numRuns = 500 * Number(process.env.SOAK_FACTOR ?? 1);

const codec = messageCodec<CheckRequest>('envoy.service.auth.v3.CheckRequest');
const asked = new Set([requestIdHeader, ...headersAskedFor(settings)]);
const names = new KnownNames(asked);
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
/** Under which as much as possible of a request counts. */
const gateway: Pep = { ...edge, may_assert_devices: true, may_send_xfcc: true, trusted_hops: 1 };

function bySlowWay(bytes: Buffer, pep: Pep): RawConnection | Refusal | undefined {
  try {
    return decodeCheck(codec.decode(bytes), pep, traceparent);
  } catch {
    return undefined;
  }
}

/** Headers that nothing asks for are not kept. */
function withoutTheRest({ headers, ...raw }: RawConnection): RawConnection {
  return headers ? { ...raw, headers: new Map([...headers].filter(([name]) => asked.has(name))) } : raw;
}

/** Whether the bytes were read straight; throws where that gave something else than the library. */
function readAlike(bytes: Buffer): boolean {
  const pairs = [edge, gateway].map(
    (pep) => [readCheck(bytes, pep, traceparent, names), bySlowWay(bytes, pep)] as const,
  );
  for (const [quick, slow] of pairs) {
    if (quick === undefined) continue;
    assert(slow !== undefined && !(slow instanceof Refusal), 'is to be refused');
    assert.deepStrictEqual(quick, withoutTheRest(slow));
    assert.deepStrictEqual(buildContext(quick, settings), buildContext(slow, settings));
  }
  return pairs[0]?.[0] !== undefined;
}

test('what proxies send is read straight from its bytes, as the library reads it', (t) => {
  fc.assert(
    fc.property(usualChecks, (bytes) => {
      assert(readAlike(bytes) || bySlowWay(bytes, edge) instanceof Refusal);
    }),
    { numRuns },
  );
  t.pass();
});

test('what is read straight from odd bytes is what the library reads', (t) => {
  let straight = 0;
  fc.assert(
    fc.property(oddChecks, (bytes) => {
      straight += readAlike(bytes) ? 1 : 0;
    }),
    { numRuns: 2 * numRuns },
  );
  t.log(`${straight} of ${2 * numRuns} read straight`);
  t.true(straight > 0);
});

test('what is read straight from damaged bytes is what the library reads', (t) => {
  let straight = 0;
  fc.assert(
    fc.property(usualChecks, fc.integer({ min: 1, max: 2 ** 31 - 1 }), (bytes, seed) => {
      straight += readAlike(Buffer.from(mutate(bytes, createRandom(seed)))) ? 1 : 0;
    }),
    { numRuns: 2 * numRuns },
  );
  t.log(`${straight} of ${2 * numRuns} read straight`);
  t.true(straight > 0);
});
