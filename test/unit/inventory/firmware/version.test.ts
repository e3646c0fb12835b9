import test from 'ava';
import { compareVersions, higherVersion } from '../../../../src/inventory/firmware/version.ts';

test('versions have one order: numbers one by one, what comes before a release below it', (t) => {
  const rising = [
    ...['0.9', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2'],
    ...['1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.0.1', '1.2', '1.10', '2', '10.0'],
  ];
  for (const [index, lower] of rising.entries()) {
    for (const higher of rising.slice(index + 1)) {
      t.true(higherVersion(higher, lower), `${higher} > ${lower}`);
      t.false(higherVersion(lower, higher), `${lower} > ${higher}`);
    }
  }
});

test('spellings of one version are equal', (t) => {
  t.is(compareVersions('1.2', '1.2.0'), 0);
  t.is(compareVersions('v1.2', '1.02+build7'), 0);
});

test('versions of another form have no order', (t) => {
  for (const odd of ['nightly', '', '1..2', '1.2-', '-1', '1.2 beta']) {
    t.is(compareVersions(odd, '1.0'), undefined, odd);
    t.false(higherVersion(odd, '1.0'));
    t.false(higherVersion('1.0', odd));
  }
});
