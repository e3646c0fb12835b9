import test from 'ava';
import { isAtLeast, leastTrusted, tierOfClaim, tierOfStatus } from '../../../src/attestation/tiers.ts';
import type { Tier } from '../../../src/attestation/tiers.ts';

test('every value of eight bits has the tier of AR4SI, negative ones mirrored', (t) => {
  const bounds: readonly (readonly [number, number, Tier])[] = [
    [-128, -97, 'contraindicated'],
    [-96, -33, 'warning'],
    [-32, -2, 'affirming'],
    [-1, 1, 'none'],
    [2, 31, 'affirming'],
    [32, 95, 'warning'],
    [96, 127, 'contraindicated'],
  ];
  let seen = 0;
  for (const [from, to, tier] of bounds) {
    for (let value = from; value <= to; value++, seen++) t.is(tierOfClaim(value), tier, String(value));
  }
  t.is(seen, 256);
});

test('a tier that nobody knows is none of them', (t) => {
  for (const status of ['Affirming', '', 1, 33, null, undefined, {}]) t.is(tierOfStatus(status), undefined);
});

test('no opinion is trusted less than a warning, and more than a finding against', (t) => {
  t.true(isAtLeast('warning', 'none'));
  t.false(isAtLeast('none', 'warning'));
  t.true(isAtLeast('none', 'contraindicated'));
  t.is(leastTrusted(['affirming', 'none', 'warning']), 'none');
  t.is(leastTrusted([]), 'affirming');
});
