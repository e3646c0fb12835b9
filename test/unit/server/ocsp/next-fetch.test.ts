import test from 'ava';
import type { OcspAnswer } from '../../../../src/revocation/ocsp/types.ts';
import { afterAnswer, afterNoAnswer, afterOutage } from '../../../../src/server/ocsp/next-fetch.ts';

const [minute, hour] = [60_000, 3_600_000];
const now = Date.UTC(2026, 5, 1, 12);

function answer(o: Partial<OcspAnswer> = {}): OcspAnswer {
  return {
    ...{
      digest: '',
      produced_at: now,
      reason: null,
      revoked_at: null,
      signer_key: '',
      status: 'good' as const,
    },
    ...{ this_update: now, next_update: now + 10 * hour },
    ...o,
  };
}

test('a certificate is asked about again at half of the time that its answer counts for, strewn', (t) => {
  t.is(afterAnswer(answer(), null, now, 0), now + 5 * hour);
  t.is(afterAnswer(answer(), null, now, 1), now + 4.5 * hour);
  t.is(afterAnswer(answer(), 2 * hour, now, 0), now + hour, 'the maximum age is sooner');
  t.is(
    afterAnswer(answer({ next_update: null }), null, now, 0),
    now + hour / 2,
    'an hour without nextUpdate',
  );
});

test('one that is unknown is asked about again after a minute, and one that is revoked not before ten', (t) => {
  t.true(afterAnswer(answer({ status: 'unknown' }), null, now, 0.5) <= now + 1.1 * minute);
  const soon = { next_update: now + minute };
  t.is(afterAnswer(answer({ status: 'revoked', ...soon }), null, now, 0), now + 10 * minute);
  t.true(afterAnswer(answer(soon), null, now, 0) >= now + 0.9 * minute, 'nobody is asked without end');
});

test('pauses after failures grow to a quarter of an hour about one certificate, and to a minute for all', (t) => {
  t.true(afterNoAnswer(now, 1, undefined, 1) <= now + 5000);
  t.is(afterNoAnswer(now, 30, undefined, 1), now + 15 * minute);
  t.is(afterOutage(now, 30, undefined, 1), now + minute);
  t.true(afterOutage(now, 1, 10 * minute, 0) >= now + 10 * minute, 'who asks for a longer pause gets it');
});
