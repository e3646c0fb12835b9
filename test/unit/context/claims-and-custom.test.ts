import test from 'ava';
import { checkMaps } from '../../../src/context/check-maps.ts';
import { readCustom } from '../../../src/context/custom.ts';
import { limits } from '../../../src/context/limits.ts';
import { mapClaims } from '../../../src/context/map-claims.ts';
import { Refusal } from '../../../src/context/refusal.ts';
import { httpRequest, nativeRequest, settings } from './fixtures.ts';

test('the first configured source that is present counts', (t) => {
  const both = httpRequest({
    headers: new Map([['x-device-id', 'from-header']]),
    contextExtensions: new Map([['device_id', 'from-extension']]),
  });
  t.deepEqual(mapClaims(both, settings.claims), { device_id: 'from-header' });
  const one = httpRequest({ contextExtensions: new Map([['device_id', 'from-extension']]) });
  t.deepEqual(mapClaims(one, settings.claims), { device_id: 'from-extension' });
});

test('metadata is found by its flattened name', (t) => {
  const raw = httpRequest({ metadata: new Map([['device:firmware.hash', 'AA']]) });
  t.deepEqual(mapClaims(raw, settings.claims), { firmware_hash: 'aa' });
});

test('a claim that is there but empty or malformed is refused, not skipped', (t) => {
  for (const text of ['', 'a\u0001', 'a\ufffd', 'a'.repeat(limits.idText + 1)]) {
    const raw = httpRequest({
      headers: new Map([['x-device-id', text]]),
      contextExtensions: new Map([['device_id', 'meter-1']]),
    });
    t.true(mapClaims(raw, settings.claims) instanceof Refusal);
  }
});

test('an attestation token may be longer than other claims, up to its own limit', (t) => {
  const token = (length: number) => ({ attestation: 'a'.repeat(length) });
  const read = (length: number) => mapClaims(nativeRequest({ claims: token(length) }), settings.claims);
  t.deepEqual(read(limits.attestationText), token(limits.attestationText));
  t.true(read(limits.attestationText + 1) instanceof Refusal);
});

test('long values are for the mapped token and forwarded certificates only', (t) => {
  const value = 'a'.repeat(limits.valueText + 1);
  const check = (name: string): boolean =>
    checkMaps(httpRequest({ headers: new Map([[name, value]]) }), settings.claims.attestation) === undefined;
  t.true(check('x-attestation'));
  t.true(check('x-forwarded-client-cert'));
  t.false(check('cookie'));
});

test('labels, extensions and metadata over their number of entries are refused', (t) => {
  const many = new Map(Array.from({ length: limits.mapEntries + 1 }, (_, n) => [`k${n}`, 'v']));
  for (const over of [{ labels: many }, { contextExtensions: many }, { metadata: many }]) {
    t.true(checkMaps(httpRequest(over), []) instanceof Refusal);
  }
});

test('an entry with an overlong name is refused', (t) => {
  t.true(
    checkMaps(httpRequest({ labels: new Map([['a'.repeat(limits.idText + 1), 'v']]) }), []) instanceof
      Refusal,
  );
});

test('custom facts from the request are claimed; absent ones and inventory columns are not there', (t) => {
  const raw = nativeRequest({ labels: new Map([['line', 'B']]) });
  const custom = { line: { label: 'line' }, shift: { label: 'shift' }, rack: { inventory: 'rack' } };
  t.deepEqual(readCustom(raw, custom), { line: { value: 'B', origin: 'claimed' } });
});

test('a malformed custom fact refuses the request', (t) => {
  const raw = nativeRequest({ labels: new Map([['line', 'B\u0000']]) });
  t.true(readCustom(raw, { line: { label: 'line' } }) instanceof Refusal);
});

test('more custom facts than the limit are refused', (t) => {
  const custom = Object.fromEntries(
    Array.from({ length: limits.customFacts + 1 }, (_, n) => [`f${n}`, { label: 'x' }]),
  );
  t.true(readCustom(nativeRequest(), custom) instanceof Refusal);
});
