import test from 'ava';
import { readBundle } from '../../../../src/policy/bundle.ts';
import { spokenBy } from '../../../../src/workshop/cross-check/cross-check.ts';
import { goodInput } from '../../../helpers/policy-input.ts';

test('opa is shown the whole input, whatever the bundle says that its rules read of it', (t) => {
  const bundle = readBundle(null);
  t.is(bundle.inputOnly?.['device_id'], 'null');
  t.deepEqual(JSON.parse(spokenBy(bundle).textOf(goodInput)), goodInput);
});
