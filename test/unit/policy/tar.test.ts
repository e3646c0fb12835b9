import test from 'ava';
import fc from 'fast-check';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { writeTar } from '../../../src/policy/pack-bundle.ts';
import { readTar } from '../../../src/policy/tar.ts';

const runs = 100 * Number(process.env.SOAK_FACTOR ?? 1);
const invalid = { instanceOf: PortreeveError, code: 'PDP_BUNDLE_INVALID' };
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** An archive of one file whose header is changed at an offset, its checksum mended. */
function withHeader(at: number, text: string): Uint8Array {
  const archive = Buffer.from(writeTar([['/a', bytes('x')]]));
  archive.write(text, at);
  archive.write(' '.repeat(8), 148);
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return archive;
}

test('files come out as they went in, without leading slash', (t) => {
  const content = fc.uint8Array({ maxLength: 2000 });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8})?$/), { maxLength: 5 }),
      content,
      (names, file) => {
        const files = readTar(writeTar(names.map((name) => [`/${name}`, file] as const)));
        t.deepEqual([...files.keys()], names);
        for (const found of files.values()) t.deepEqual(Buffer.from(found), Buffer.from(file));
      },
    ),
    { numRuns: runs },
  );
});

test('a folder is skipped', (t) => {
  t.deepEqual([...readTar(withHeader(156, '5')).keys()], []);
});

test('an archive that is cut off anywhere is refused', (t) => {
  const whole = writeTar([['/a', bytes('x'.repeat(700))]]);
  for (let length = 0; length < whole.byteLength; length += 64) {
    t.throws(() => readTar(whole.subarray(0, length)), invalid, `${length} bytes`);
  }
});

test('bytes after the end are refused', (t) => {
  t.throws(() => readTar(Buffer.concat([writeTar([]), bytes('hidden')])), invalid);
});

const refused: Readonly<Record<string, () => Uint8Array>> = {
  'a name that leaves the archive': () => writeTar([['/../etc/passwd', bytes('x')]]),
  'a name with an empty part': () => writeTar([['/a//b', bytes('x')]]),
  'the same name twice': () =>
    writeTar([
      ['/a', bytes('x')],
      ['a', bytes('y')],
    ]),
  'a symbolic link': () => withHeader(156, '2'),
  'a device': () => withHeader(156, '3'),
  'an extended header': () => withHeader(156, 'x'),
  'a size that is not octal': () => withHeader(124, '99999999999'),
  'a size past the end': () => withHeader(124, '00000100000'),
  'another magic': () => withHeader(257, 'stuar'),
  'a name that is not ASCII': () => withHeader(0, 'ä'),
};

for (const [what, archive] of Object.entries(refused)) {
  test(`${what} is refused`, (t) => {
    t.throws(() => readTar(archive()), invalid);
  });
}

test('a header with the wrong checksum is refused', (t) => {
  const archive = Buffer.from(writeTar([['/a', bytes('x')]]));
  archive.write('b', 1);
  t.throws(() => readTar(archive), { ...invalid, message: /checksum/ });
});

test('an archive with any byte changed is read or refused, and nothing else happens', (t) => {
  const archive = writeTar([
    ['/a', bytes('x'.repeat(600))],
    ['/b', bytes('y')],
  ]);
  fc.assert(
    fc.property(fc.nat(archive.byteLength - 1), fc.nat(255), (at, value) => {
      const changed = Buffer.from(archive);
      changed[at] = value;
      try {
        readTar(changed);
        return true;
      } catch (thrown) {
        return thrown instanceof PortreeveError && thrown.code === 'PDP_BUNDLE_INVALID';
      }
    }),
    { numRuns: runs * 5 },
  );
  t.pass();
});
