import test from 'ava';
import { policyInput } from '../../../src/decision/input.ts';
import type { InputSettings } from '../../../src/decision/input.ts';
import { inputWriters, writeInput, writerOf } from '../../../src/decision/input-versions.ts';
import type { InputWriters } from '../../../src/decision/input-versions.ts';
import type { Facts } from '../../../src/decision/types.ts';
import { inputVersions, newestInputVersion } from '../../../src/policy/input-versions.ts';
import type { PolicyInputV1 } from '../../../src/policy/input-v1.ts';
import { someFacts } from '../../helpers/facts.ts';

const settings: InputSettings = { credentialOptional: false, classes: {} };

/** What a second version may look like: a field renamed, one gone, one that means something else. */
interface PolicyInputV2 extends Omit<PolicyInputV1, 'input_version' | 'device_id' | 'sni' | 'weekday'> {
  readonly input_version: 2;
  readonly device: string | null;
  readonly weekday: string;
}

function writeSecond(facts: Facts, from: InputSettings): PolicyInputV2 {
  const { device_id: device, sni: _, ...first } = policyInput(facts, from);
  return { ...first, input_version: 2, device, weekday: 'Monday' };
}

const both: InputWriters<{ readonly 1: PolicyInputV1; readonly 2: PolicyInputV2 }> = {
  ...inputWriters,
  2: writeSecond,
};

test('beside a second version, a bundle of version 1 still gets exactly version 1', (t) => {
  const facts = someFacts();
  const first = writerOf(1, both)(facts, settings);
  t.deepEqual(first, writeInput(1, facts, settings));
  t.is(JSON.stringify(first), JSON.stringify(policyInput(facts, settings)));
  t.is(first.input_version, 1);
});

test('a bundle of a second version gets that one', (t) => {
  const second = writerOf(2, both)(someFacts(), settings) as PolicyInputV2;
  t.is(second.input_version, 2);
  t.is(second.device, someFacts().device_id);
  t.false('sni' in second);
});

test('every version that the program names is written as what it is', (t) => {
  t.deepEqual(Object.keys(inputWriters).map(Number), [...inputVersions]);
  t.true(inputVersions.at(-1) === newestInputVersion);
  for (const version of inputVersions)
    t.is(writeInput(version, someFacts(), settings).input_version, version);
});

test('a version that the program does not write is refused', (t) => {
  for (const version of [0, 2, 1.5, Number.NaN])
    t.throws(() => writeInput(version, someFacts(), settings), { code: 'PDP_FORMAT_NEWER' });
});
