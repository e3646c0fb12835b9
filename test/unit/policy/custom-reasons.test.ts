import test from 'ava';
import { readCustomReasons } from '../../../src/policy/custom-reasons.ts';
import { parseBundle, readBundle } from '../../../src/policy/bundle.ts';
import { packBundle } from '../../../src/policy/pack-bundle.ts';

const good = { severity: 'deny', text: 'It is Sunday.', remediation: 'Wait for Monday.' } as const;

test('a declaration is read whole, and the device is told the default where it names no class', (t) => {
  const read = readCustomReasons({
    'custom.sunday': good,
    'custom.old_key': { ...good, severity: 'warn', coarse: 'renew_certificate' },
  });
  t.deepEqual([...read], [
    ['custom.sunday', { ...good, class: 'not_authorized' }],
    ['custom.old_key', { ...good, severity: 'warn', class: 'renew_certificate' }],
  ] as never);
});

test('a manifest that declares nothing declares none', (t) => {
  t.is(readCustomReasons(undefined).size, 0);
});

const wrong: Readonly<Record<string, readonly [value: unknown, message: RegExp]>> = {
  'a list': [[], /is not an object/],
  null: [null, /is not an object/],
  "a code of the catalogue's": [{ 'credential.expired': good }, /not named custom/],
  'a name with a capital': [{ 'custom.Sunday': good }, /not named custom/],
  'a name with a second dot': [{ 'custom.day.sunday': good }, /not named custom/],
  'a name that is too long': [{ [`custom.${'a'.repeat(65)}`]: good }, /not named custom/],
  'a declaration that is a text': [{ 'custom.sunday': 'deny' }, /declaration of custom\.sunday/],
  'a severity that there is not': [{ 'custom.sunday': { ...good, severity: 'fatal' } }, /severity of/],
  'no severity': [{ 'custom.sunday': { ...good, severity: undefined } }, /severity of/],
  'no text': [{ 'custom.sunday': { ...good, text: undefined } }, /text of/],
  'an empty remediation': [{ 'custom.sunday': { ...good, remediation: ' ' } }, /remediation of/],
  'a text of two lines': [{ 'custom.sunday': { ...good, text: 'a\nb' } }, /text of/],
  'a text that colours a terminal': [{ 'custom.sunday': { ...good, text: '\u001b[31mred' } }, /text of/],
  'a text that is too long': [{ 'custom.sunday': { ...good, text: 'a'.repeat(501) } }, /text of/],
  'a class that no device is told': [{ 'custom.sunday': { ...good, coarse: 'blocked' } }, /coarse of/],
  'a key that nobody knows': [{ 'custom.sunday': { ...good, colour: 'red' } }, /unknown key "colour"/],
  'too many': [
    Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`custom.a${index}`, good])),
    /more than 500/,
  ],
};

for (const [what, [value, message]] of Object.entries(wrong)) {
  test(`${what} is refused by name`, (t) => {
    t.throws(() => readCustomReasons(value), { code: 'PDP_BUNDLE_INVALID', message });
  });
}

test('what a bundle is packed with is what is read of it', (t) => {
  const { wasm, data, revision, inputVersion } = readBundle(null);
  const contents = { wasm, data, revision, inputVersion, compiler: 'opa', sources: {} };
  const { reasons } = parseBundle(packBundle({ ...contents, reasons: { 'custom.sunday': good } }));
  t.deepEqual([...(reasons ?? [])], [['custom.sunday', { ...good, class: 'not_authorized' }]] as never);
  t.throws(() => parseBundle(packBundle({ ...contents, reasons: { sunday: good } })), {
    code: 'PDP_BUNDLE_INVALID',
  });
});
