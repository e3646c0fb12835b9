import test from 'ava';
import type { Config } from '../../../../src/config/types.ts';
import { readBundleFile } from '../../../../src/policy/bundle.ts';
import { tryBundle } from '../../../../src/server/bundles/trial.ts';
import { changed, endlessModule, replaced } from '../../../helpers/bundles.ts';

const whole = readBundleFile(null);

function config(self_test_timeout: number): Config {
  const policy = { bundle: null, sources: [], signed_by: [], compat: null, self_test_timeout };
  return { classes: {}, policy } as unknown as Config;
}

const tried = (bytes: Uint8Array, timeout = 60_000) =>
  tryBundle({ config: config(timeout), bytes, log: () => undefined });

test('a bundle that loads and evaluates passes, and says how many cases it carries', async (t) => {
  t.deepEqual(await tried(whole), { cases: 0 });
});

test('one that never ends is killed with its process', async (t) => {
  await t.throwsAsync(tried(replaced(whole, { 'policy.wasm': endlessModule }), 500), {
    code: 'PDP_BUNDLE_INVALID',
    message: /longer than policy\.self_test_timeout \(500 ms\), and was killed \(SIGKILL\)/,
  });
});

test('what does not load, or carries a self-test that cannot be read, is refused with its reason', async (t) => {
  await t.throwsAsync(tried(replaced(whole, { 'policy.wasm': Buffer.from('wasm') })), {
    code: 'PDP_BUNDLE_INVALID',
    message: /WebAssembly/,
  });
  const bytes = changed(whole, {}, { 'self-test.json': Buffer.from('{"format":1,"cases":"none"}') });
  await t.throwsAsync(tried(bytes), { code: 'PDP_BUNDLE_INVALID', message: /self-test/ });
});

test('a trial that is stopped is refused', async (t) => {
  const signal = AbortSignal.abort();
  const trial = tryBundle({ config: config(60_000), bytes: whole, log: () => undefined, signal });
  await t.throwsAsync(trial, { message: /was stopped/ });
});

test('a case of its self-test that comes out otherwise is told by its title, and refuses the bundle', async (t) => {
  const input = {
    title: 'nobody is let in',
    classes: 0,
    input: {},
    expect: { fault: 'PDP_POLICY_UNDEFINED' },
  };
  const file = Buffer.from(JSON.stringify({ format: 1, classes: [{}], cases: [input] }));
  await t.throwsAsync(tried(changed(whole, {}, { 'self-test.json': file })), {
    code: 'PDP_BUNDLE_INVALID',
    message: /1 of 1 cases of its self-test failed: nobody is let in: expected/,
  });
});

test('of what a bundle says of itself no more than some lines are told', async (t) => {
  const one = { title: 'x'.repeat(100_000), classes: 0, input: {}, expect: { fault: 'y'.repeat(1_000_000) } };
  const file = Buffer.from(JSON.stringify({ format: 1, classes: [{}], cases: Array(10).fill(one) }));
  const thrown = await t.throwsAsync(tried(changed(whole, {}, { 'self-test.json': file })));
  t.regex(thrown?.message ?? '', /10 of 10 cases of its self-test failed: xxx/);
  t.true((thrown?.message.length ?? Infinity) < 4000);
});
