import test from 'ava';
import { limits } from '../../../src/context/limits.ts';
import { Refusal } from '../../../src/context/refusal.ts';
import { parseXfcc } from '../../../src/context/xfcc.ts';

test('every key of the format is read, whatever its case', (t) => {
  const header =
    'By=spiffe://td/fe;HASH=ab12;cert="c%20c";Chain="ch";SUBJECT="/C=US;O=\\"A\\", B";URI=spiffe://td/a;URI=urn:b;dns=a.example';
  t.deepEqual(parseXfcc(header), [
    {
      by: ['spiffe://td/fe'],
      hash: 'ab12',
      cert: 'c%20c',
      chain: 'ch',
      subject: '/C=US;O="A", B',
      uri: ['spiffe://td/a', 'urn:b'],
      dns: ['a.example'],
    },
  ]);
});

test('elements are separated by commas, with spaces or without', (t) => {
  const elements = parseXfcc('Hash=a,Hash=b, Hash=c');
  t.deepEqual(elements instanceof Refusal || elements.map((one) => one.hash), ['a', 'b', 'c']);
});

test('separators within quotes and backslashes are text', (t) => {
  const elements = parseXfcc('Subject="CN=a\\\\";URI=";,="');
  t.like(elements, [{ subject: 'CN=a\\', uri: [';,='] }]);
  t.like(parseXfcc('Subject="CN=a\\,b"'), [{ subject: 'CN=a\\,b' }]);
});

const malformed: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'a key alone': 'Hash',
  'a key that is not known': 'Issuer=a',
  'an empty pair': 'Hash=a;',
  'an empty element': 'Hash=a,,Hash=b',
  'a second hash': 'Hash=a;hash=b',
  'a second certificate': 'Cert="a";Cert="a"',
  'a second chain': 'Chain="a";Chain="b"',
  'a second subject': 'Subject="a";Subject="b"',
  'an open quote': 'Subject="a',
  'an open quote behind a backslash': 'Subject="a\\"',
  'text after a closing quote': 'Subject="a"b;Hash=c',
  'a quote within a bare value': 'URI=a"b"',
  'too many elements': Array.from({ length: limits.xfccElements + 1 }, () => 'Hash=a').join(','),
  'too many pairs': Array.from({ length: limits.xfccPairs + 1 }, () => 'URI=a').join(';'),
  'too long a header': `URI=${'a'.repeat(limits.xfccText)}`,
};
for (const [what, header] of Object.entries(malformed)) {
  test(`${what} is refused`, (t) => t.true(parseXfcc(header) instanceof Refusal));
}
