import test from 'ava';
import {
  type ConstrainedName,
  concerns,
  isWithin as compare,
  type Reading,
} from '../../../src/identity/name-match.ts';
import { prepareName, prepareSubtree } from '../../../src/identity/prepared-names.ts';
import { parseName } from '../../../src/identity/name.ts';
import type { Subtree } from '../../../src/identity/types.ts';
import { DerReader } from '../../../src/lib/der/reader.ts';
import { der } from '../lib/der/encode.ts';
import { oid } from './fleet.ts';

const isWithin = (one: ConstrainedName, subtree: Subtree, reading: Reading) =>
  compare(prepareName(one), prepareSubtree(subtree), reading);

type Text = 'dns' | 'uri' | 'email';
type Row = readonly [name: string, subtree: string, permitted: boolean | undefined, excluded?: boolean];

/** Where `excluded` reads like `permitted` it is left out. */
const rows: Readonly<Record<Text, readonly Row[]>> = {
  dns: [
    ['example.com', 'example.com', true],
    ['EXAMPLE.com', 'example.com', true],
    ['a.b.example.com', 'example.com', true],
    ['notexample.com', 'example.com', false],
    ['example.com.evil.net', 'example.com', false],
    ['com', 'example.com', false],
    ['a.example.com', '.example.com', true],
    ['example.com', '.example.com', false, true],
    ['com', '.example.com', false],
    ['\u212a.example', 'k.example', undefined],
    ['anything.test', '', true],
    ['*.example.com', 'example.com', true],
    ['*.example.com', '.example.com', true],
    ['*.example.com', 'secret.example.com', false, true],
    ['*.example.com', 'deep.secret.example.com', false, false],
    ['*.com', 'example.com', false, true],
    ['a_b.example.com', 'example.com', true],
    ['exa mple.com', 'example.com', undefined],
    ['a..example.com', 'example.com', undefined],
    ['example.com.', 'example.com', undefined],
    ['a.*.example.com', 'example.com', undefined],
    ['', 'example.com', undefined],
  ],
  uri: [
    ['https://example.com/a', 'example.com', true],
    ['https://user:pw@example.com:8443/a?b#c', 'example.com', true],
    ['https://EXAMPLE.com', 'example.com', true],
    ['https://a.example.com/', 'example.com', false],
    ['https://a.example.com/', '.example.com', true],
    ['https://a.b.example.com/', '.example.com', true],
    ['https://example.com/', '.example.com', false],
    ['spiffe://example.com/meter/1', 'example.com', true],
    ['https://evil.net/example.com', 'example.com', false],
    ['https://evil.net?@example.com', 'example.com', false],
    ['https://example.com@evil.net/', 'example.com', false],
    ['https://evil.com\\@h.example.com/', '.example.com', undefined],
    ['https://evil.com\\@h.example.com/', 'evil.com', undefined],
    ['https://a@b@example.com/', 'example.com', undefined],
    ['https://a b@example.com/', 'example.com', undefined],
    ['https://a%@example.com/', 'example.com', undefined],
    ['https://a%20b:@example.com:/', 'example.com', true],
    ['https://example.com:80x/', 'example.com', undefined],
    ['https://example.com\\.evil.net/', 'example.com', undefined],
    ['https://example.com/a\\@b', 'example.com', true],
    ['https:\\\\example.com/', 'example.com', undefined],
    ['urn:dev:1', 'example.com', undefined],
    ['https://192.0.2.1/', 'example.com', undefined],
    ['https://[2001:db8::1]/', 'example.com', undefined],
    ['https:///path', 'example.com', undefined],
    ['//example.com/', 'example.com', undefined],
  ],
  email: [
    ['a@example.com', 'example.com', true],
    ['a@EXAMPLE.com', 'example.com', true],
    ['a@b.example.com', 'example.com', false],
    ['a@b.example.com', '.example.com', true],
    ['a@example.com', '.example.com', false],
    ['a@example.com', 'a@example.com', true],
    ['A@example.com', 'a@example.com', false, true],
    ['a@example.com', 'A@example.com', false, true],
    ['b@example.com', 'a@example.com', false],
    ['a@\u212a.example', 'k.example', undefined],
    ['a@Example.com', 'a@example.com', true],
    ['*@example.com', '*@example.com', true],
    ['b@example.com', '*@example.com', false],
    ['a@b@example.com', 'example.com', undefined],
    ['"a@evil"@example.com', 'example.com', undefined],
    ['example.com', 'example.com', undefined],
    ['@example.com', 'example.com', undefined],
  ],
};

for (const [kind, list] of Object.entries(rows) as [Text, readonly Row[]][]) {
  for (const [value, constraint, permitted, excluded = permitted] of list) {
    test(`${kind} name "${value}" under "${constraint}": permitted ${permitted}, excluded ${excluded}`, (t) => {
      const [name, subtree] = [
        { kind, value },
        { kind, value: constraint },
      ] as const;
      t.is(isWithin(name, subtree, 'permitted'), permitted);
      t.is(isWithin(name, subtree, 'excluded'), excluded);
    });
  }
}

test('addresses are within a network of their own version only', (t) => {
  const within = (value: number[], subtree: number[]) =>
    isWithin(
      { kind: 'ip', value: Uint8Array.from(value) },
      { kind: 'ip', value: Uint8Array.from(subtree) },
      'permitted',
    );
  t.true(within([10, 1, 2, 3], [10, 0, 0, 0, 255, 0, 0, 0]));
  t.false(within([11, 1, 2, 3], [10, 0, 0, 0, 255, 0, 0, 0]));
  t.true(within([10, 1, 2, 3], [0, 0, 0, 0, 0, 0, 0, 0]));
  t.true(within([10, 1, 2, 3], [10, 1, 2, 2, 255, 255, 255, 254]));
  const six = [0x20, 1, 0xd, 0xb8, ...Array<number>(12).fill(7)];
  const mask = [...Array<number>(4).fill(255), ...Array<number>(12).fill(0)];
  t.true(within(six, [...six.slice(0, 4), ...Array<number>(12).fill(0), ...mask]));
  t.false(within([10, 1, 2, 3], [...Array<number>(32).fill(0)]));
});

function name(...values: readonly string[]) {
  const sets = values.map((value) => der(0x31, der(0x30, oid('2.5.4.10'), der(0x0c, value))));
  return parseName(new DerReader(der(0x30, ...sets)).next());
}

test('a directory name is within every name that it begins with, without regard to case and white space', (t) => {
  const within = (value: readonly string[], subtree: readonly string[]) =>
    isWithin({ kind: 'dn', value: name(...value) }, { kind: 'dn', value: name(...subtree) }, 'permitted');
  t.true(within(['Example', 'Meters'], ['example']));
  t.true(within(['  EXAMPLE ', 'Meters'], ['Example', 'meters']));
  t.true(within(['Example'], []));
  t.false(within(['Example'], ['Example', 'Meters']));
  t.false(within(['Examples'], ['Example']));
  t.false(within(['Example,2.5.4.10=Meters'], ['Example']));
  t.false(within(['Meters', 'Example'], ['Example']));
});

test('constraints concern names of their own form, and forms that cannot be compared by their tag', (t) => {
  const rid: ConstrainedName = { kind: 'unsupported', tag: 0x88 };
  const others: readonly [Subtree, ConstrainedName, boolean][] = [
    [{ kind: 'unsupported', tag: 0x88 }, rid, true],
    [{ kind: 'unsupported', tag: 0xa3 }, rid, false],
    [{ kind: 'other' }, { kind: 'other', tag: 0xa0 }, true],
    [{ kind: 'dns', value: 'a' }, { kind: 'uri', value: 'a' }, false],
  ];
  for (const [subtree, one, expected] of others)
    t.is(concerns(prepareSubtree(subtree), prepareName(one)), expected);
  t.is(isWithin(rid, { kind: 'unsupported', tag: 0x88 }, 'permitted'), undefined);
});
