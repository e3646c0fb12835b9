import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import fc from 'fast-check';
import { readBundle } from '../../../src/policy/bundle.ts';
import { createPolicyEngine } from '../../../src/policy/engine.ts';
import type { Verdict } from '../../../src/policy/types.ts';
import { createVerdictMemory, inputText } from '../../../src/policy/verdict-memory.ts';
import { goodInput, sampleClasses } from '../../helpers/policy-input.ts';

const runs = 300 * Number(process.env.SOAK_FACTOR ?? 1);

/** Bytes of what lives. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

const verdict = (ttl: number): Verdict => ({
  allow: true,
  entitlements: [],
  headers: {},
  reasons: [],
  session_limit_s: null,
  ttl_s: ttl,
});

test('a text is evaluated once, and every other text by itself', (t) => {
  const memory = createVerdictMemory();
  let asked = 0;
  const ask = (text: string) => memory.read(text, () => verdict(++asked)).ttl_s;
  t.deepEqual([ask('a'), ask('b'), ask('a'), ask('a '), ask('b')], [1, 2, 1, 3, 2]);
});

test('what throws is asked again', (t) => {
  const memory = createVerdictMemory();
  const trap = () => {
    throw new Error('trap');
  };
  t.throws(() => memory.read('a', trap), { message: 'trap' });
  t.is(memory.read('a', () => verdict(1)).ttl_s, 1);
});

test('long texts are not kept, and of others only so many', (t) => {
  const memory = createVerdictMemory();
  let asked = 0;
  const ask = (text: string) => memory.read(text, () => verdict(++asked)).ttl_s;
  t.deepEqual([ask('x'.repeat(2049)), ask('x'.repeat(2049))], [1, 2]);
  ask('first');
  for (let other = 0; other < 4096; other++) ask(`other ${other}`);
  asked = 0;
  t.is(ask('first'), 1);
});

test('a verdict is given again for as long as nothing that is read has changed, in lists too', (t) => {
  const memory = createVerdictMemory({ keys: ['device_id', 'device_tags', 'source_ip'] });
  const input = { ...goodInput, device_tags: ['a', 'b'] };
  t.is(memory.again(input), undefined);
  const given = memory.read('text', () => verdict(1), input);
  const asked = (changes: object): boolean => memory.again({ ...input, ...changes }) === given;
  t.true(asked({}));
  t.true(asked({ now_s: 7, device_tags: ['a', 'b'] }));
  t.false(asked({ source_ip: '192.0.2.99' }));
  t.false(asked({ source_ip: null }));
  t.false(asked({ device_id: 'MTR-0002' }));
  for (const device_tags of [
    [],
    ['a'],
    ['b', 'a'],
    ['a', 'b', 'c'],
    null,
    'a,b',
    { 0: 'a', 1: 'b', length: 2 },
  ]) {
    t.false(asked({ device_tags }), JSON.stringify(device_tags));
  }
});

test('it tells how much it keeps, and how often what was asked was there', (t) => {
  const memory = createVerdictMemory({ keys: ['device_id'] });
  const bound = 8192;
  t.deepEqual(memory.stats(), { name: 'verdicts', entries: 0, bound, hits: 0, misses: 0, evictions: 0 });
  memory.again(goodInput);
  memory.read('text', () => verdict(1), goodInput);
  t.deepEqual(memory.stats(), { name: 'verdicts', entries: 2, bound, hits: 0, misses: 1, evictions: 0 });
  memory.again(goodInput);
  memory.read('text', () => verdict(1));
  t.like(memory.stats(), { entries: 2, hits: 2, misses: 1 });
  for (let other = 0; other < 4096; other++) memory.read(`other ${other}`, () => verdict(1));
  t.like(memory.stats(), { entries: 4097, evictions: 1 });
});

/** What differs of somebody who merely claims. */
const strangers = {
  'proved nothing': { assurance: 'none' as const },
  'is known to nobody': { inventory_known: false },
};

for (const [who, input] of Object.entries(strangers))
  test(`denials of whoever ${who} take the verdicts of no device, and are remembered too`, (t) => {
    const memory = createVerdictMemory({ keys: ['device_id', 'assurance', 'inventory_known'] });
    const ask = (device_id: string, allow: boolean, changes: object) => {
      const asked = { ...goodInput, device_id, ...changes };
      return memory.again(asked) ?? memory.read(device_id, () => ({ ...verdict(1), allow }), asked);
    };
    const fleet = Array.from({ length: 3000 }, (_, index) => `MTR-${index}`);
    // Half of them are denied for another reason: they are who they say they are.
    const askAll = () => fleet.forEach((device, index) => ask(device, index % 2 === 0, {}));
    askAll();
    for (let claim = 0; claim < 10_000; claim += 1) ask(`claim ${claim}`, false, input);
    const { hits } = memory.stats();
    askAll();
    t.is(memory.stats().hits - hits, fleet.length);
    ask('claim 9999', false, input);
    const all = { hits: fleet.length + 1, misses: fleet.length + 10_000 };
    t.like(memory.stats(), { ...all, entries: 8192, evictions: 2 * all.misses - 8192 });
  });

test('what a policy allows without proof is remembered as that of any device', (t) => {
  const memory = createVerdictMemory({ keys: ['device_id'] });
  const ask = (device_id: string, allow: boolean) => {
    const input = { ...goodInput, device_id, assurance: 'none' as const };
    return memory.again(input) ?? memory.read(device_id, () => ({ ...verdict(1), allow }), input);
  };
  const open = Array.from({ length: 3000 }, (_, index) => `MTR-${index}`);
  for (const device of open) ask(device, true);
  for (let claim = 0; claim < 10_000; claim += 1) ask(`claim ${claim}`, false);
  for (const device of open) ask(device, true);
  t.is(memory.stats().hits, open.length);
});

test('nothing is given again where nobody says what is read, nor for long texts', (t) => {
  const unsaid = createVerdictMemory();
  unsaid.read('text', () => verdict(1), goodInput);
  t.is(unsaid.again(goodInput), undefined);
  const memory = createVerdictMemory({ keys: ['device_id'] });
  memory.read('x'.repeat(2049), () => verdict(1), goodInput);
  t.is(memory.again(goodInput), undefined);
});

test('of the input only the keys that are read are told, and all of it where nobody says which', (t) => {
  const some = inputText({ keys: ['pep_networks', 'device_id', 'pep_site'] });
  t.deepEqual(JSON.parse(some(goodInput)), { device_id: 'MTR-0001', pep_networks: [], pep_site: 'quay-3' });
  t.deepEqual(JSON.parse(some({ ...goodInput, device_id: null, now_s: 7 })), {
    device_id: null,
    pep_networks: [],
    pep_site: 'quay-3',
  });
  t.is(some({ ...goodInput, now_s: 7 }), some(goodInput));
  t.deepEqual(JSON.parse(inputText({})(goodInput)), goodInput);
});

test('of a key that rules only name nothing is told, and of one of which they ask whether it is null, only that', (t) => {
  const text = inputText({
    keys: ['claimed_serial', 'device_id', 'gateway', 'pep'],
    only: { claimed_serial: 'told', device_id: 'null', gateway: 'null' },
  });
  const input = { ...goodInput, claimed_serial: '0a', gateway: null };
  t.deepEqual(JSON.parse(text(input)), { device_id: '', gateway: null, pep: 'edge' });
  t.is(text(input), text({ ...input, device_id: 'MTR-0002', claimed_serial: null }));
  t.not(text(input), text({ ...input, device_id: null }));
  t.not(text(input), text({ ...input, gateway: 'gw-1' }));
  const { gateway: _none, ...without } = input;
  t.deepEqual(
    JSON.parse(text(without as typeof input)),
    { device_id: '', pep: 'edge' },
    'what is not there stays away',
  );
});

test('a verdict is given again although a value has changed that rules only name', (t) => {
  const memory = createVerdictMemory({
    keys: ['certificate_serial', 'device_id', 'gateway'],
    only: { certificate_serial: 'told', gateway: 'null' },
  });
  const given = memory.read('text', () => verdict(1), goodInput);
  t.is(memory.again({ ...goodInput, certificate_serial: 'ff' }), given);
  t.is(memory.again({ ...goodInput, gateway: 'gw-1' }), undefined);
});

test('of inputs no more is kept than rules ask for: whoever connects chooses how long the rest is', (t) => {
  const memory = createVerdictMemory({
    keys: ['claimed_serial', 'device_id', 'http_path'],
    only: { claimed_serial: 'told', http_path: 'null' },
  });
  // As it comes from a request: a text of its own.
  const long = (index: number): string => Buffer.alloc(8192, `/${index}`).toString('latin1');
  const before = heapUsed();
  for (let index = 0; index < 4096; index += 1) {
    const input = { ...goodInput, device_id: `MTR-${index}`, http_path: long(index) };
    memory.read('text', () => verdict(1), {
      ...input,
      claimed_serial: long(index),
      host: long(index),
    } as never);
  }
  t.is(memory.stats().entries, 4097);
  t.true(heapUsed() - before < 16 * 1024 * 1024, 'where all is kept, it is 100 MB');
  const again = { ...goodInput, device_id: 'MTR-7', http_path: 'other', claimed_serial: null, host: null };
  t.is(memory.again(again as never)?.ttl_s, 1);
  t.is(memory.again({ ...again, http_path: null }), undefined);
});

test('inputs that lack keys are never compared by the places of those that have them', (t) => {
  const memory = createVerdictMemory({ keys: ['device_id', 'source_ip'] });
  const { anchor: _anchor, ...without } = { ...goodInput, sni: '198.51.100.1', source_ip: '192.0.2.1' };
  memory.read('whole', () => verdict(1), goodInput);
  memory.read('without', () => verdict(2), without as typeof goodInput);
  t.is(memory.again({ ...without, source_ip: '203.0.113.9' } as typeof goodInput), undefined);
  t.is(memory.again({ ...goodInput, source_ip: '203.0.113.9' }), undefined);
  t.is(memory.again(goodInput)?.ttl_s, 1);
});

test('one verdict of the default policy serves all devices in the same situation, each told by its own values', async (t) => {
  const engine = await createPolicyEngine(readBundle(null), { classes: sampleClasses });
  const device = (number: number) => ({
    ...goodInput,
    ...{ device_id: `MTR-${number}`, certificate_serial: `0a${number}` },
    ...{ claimed_serial: `0a${number}`, claimed_serial_matches: true },
  });
  const misses = (): number | undefined => engine.kept()[0]?.misses;
  for (let number = 0; number < 50; number += 1) t.true(engine.evaluate(device(number)).allow);
  t.is(misses(), 1);
  for (let number = 0; number < 50; number += 1) {
    const unknown = { inventory_known: false, device_class: null, device_status: null };
    const { reasons } = engine.evaluate({ ...device(number), ...unknown });
    const told = reasons.find(({ code }) => code === 'inventory.unknown_device');
    t.deepEqual(told?.detail, { device_id: `MTR-${number}` });
  }
  t.is(misses(), 2);
});

/** Values that turn the rules one way or the other, for any key. */
const anyValue = fc.constantFrom<unknown>(
  ...[
    null,
    true,
    false,
    0,
    1,
    -1,
    10 ** 9,
    '',
    'none',
    'active',
    'lost',
    'meter',
    'sensor',
    'bad0',
    'issuer',
  ],
  ...['gateway_asserted', 'device_tls', 'device_proved', '192.0.2.1', [], ['10.0.0.0/8'], ['bad0'], ['x']],
);
const anyInput = fc
  .array(fc.tuple(fc.constantFrom(...Object.keys(goodInput)), anyValue), { maxLength: 6 })
  .map((changes) => ({ ...goodInput, ...Object.fromEntries(changes) }));

test('the default policy says the same of the keys that it reads, remembered or not, as of the whole input', async (t) => {
  const { inputKeys, inputOnly, ...bundle } = readBundle(null);
  t.is(inputOnly?.device_id, 'null');
  t.true(inputKeys !== undefined && inputKeys.length > 20, 'the committed bundle says what it reads');
  const whole = await createPolicyEngine(bundle, { classes: sampleClasses });
  const remembering = await createPolicyEngine(readBundle(null), { classes: sampleClasses });
  const said = (evaluate: () => Verdict): unknown => {
    try {
      return evaluate();
    } catch (thrown) {
      return (thrown as { code: unknown }).code;
    }
  };
  fc.assert(
    fc.property(anyInput, (input) => {
      const expected = said(() => whole.evaluate(input));
      t.deepEqual(
        said(() => remembering.evaluate(input)),
        expected,
      );
      t.deepEqual(
        said(() => remembering.evaluate(input)),
        expected,
      );
    }),
    { numRuns: runs },
  );
});
