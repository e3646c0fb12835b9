import test from 'ava';
import { readEar } from '../../../src/attestation/ear.ts';
import type { Ear } from '../../../src/attestation/ear.ts';
import { measuredFirmware } from '../../../src/attestation/firmware.ts';
import { claims } from './fixtures.ts';

function earWith(more: Record<string, unknown>, labels: readonly string[] = ['platform']): Ear {
  const submods = Object.fromEntries(labels.map((label) => [label, { status: 'affirming', more }]));
  const result = readEar(Buffer.from(JSON.stringify(claims({ submods }))));
  if (!('ear' in result)) throw new Error(result.problem);
  return result.ear;
}

const hash = Buffer.alloc(32, 0xab);
const at = (pointer: string, more: Record<string, unknown>, submod?: string) =>
  measuredFirmware(earWith(more), { submod, pointer });

test('a hash is read in hex, base64 and base64url, of the three lengths', (t) => {
  for (const length of [32, 48, 64]) {
    const bytes = Buffer.alloc(length, 0xfe);
    for (const text of [
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      bytes.toString('base64'),
      bytes.toString('base64url'),
    ])
      t.is(at('/m', { m: text }), bytes.toString('hex'), text);
  }
});

test('what is no hash is none', (t) => {
  for (const m of [
    7,
    null,
    '',
    'ab',
    'z!'.repeat(32),
    hash.subarray(1).toString('base64'),
    [hash.toString('hex')],
    {},
  ])
    t.is(at('/m', { m }), undefined, JSON.stringify(m));
});

test('a pointer goes through members and items, with its escapes', (t) => {
  const more = { 'a/b': { '~c': [{ d: hash.toString('hex') }] } };
  t.is(at('/a~1b/~0c/0/d', more), hash.toString('hex'));
  for (const wrong of [
    '/a~1b/~0c/1/d',
    '/a~1b/~0c/00/d',
    '/a~1b/~0c/-1/d',
    '/a~1b/~0c/length',
    '/constructor/name',
    '/__proto__',
    '/a/b',
  ])
    t.is(at(wrong, more), undefined, wrong);
});

test('without a label only the only appraisal is meant', (t) => {
  const place = { pointer: '/m', submod: undefined };
  t.is(measuredFirmware(earWith({ m: hash.toString('hex') }), place), hash.toString('hex'));
  const two = earWith({ m: hash.toString('hex') }, ['a', 'b']);
  t.is(measuredFirmware(two, place), undefined);
  t.is(measuredFirmware(two, { ...place, submod: 'b' }), hash.toString('hex'));
  t.is(measuredFirmware(two, { ...place, submod: 'c' }), undefined);
});
