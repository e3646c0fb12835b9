import test from 'ava';
import { decodePem, looksLikePem } from '../../../src/lib/pem.ts';

const label = 'CERTIFICATE';
const malformed = { code: 'PDP_INPUT_MALFORMED' };

function block(base64: string, of = label): string {
  return `-----BEGIN ${of}-----\n${base64}\n-----END ${of}-----\n`;
}

test('every block is decoded, text around them is ignored', (t) => {
  const text = `subject=CN=a\r\n${block('AQID')}\nmore\n${block('BAUG\nBw==')}`;
  t.deepEqual(
    decodePem(text, label, 2).map((bytes) => [...bytes]),
    [
      [1, 2, 3],
      [4, 5, 6, 7],
    ],
  );
});

test('a text without a block answers none', (t) => {
  t.deepEqual(decodePem('nothing here', label, 1), []);
  t.deepEqual(decodePem('', label, 1), []);
});

test('line ends may be those of any system', (t) => {
  for (const end of ['\n', '\r\n', '\r']) {
    t.is(decodePem(block('AQID').replaceAll('\n', end), label, 1).length, 1);
  }
});

test('more blocks than allowed are refused', (t) => {
  t.throws(() => decodePem(block('AQID') + block('AQID'), label, 1), { code: 'PDP_LIMIT_EXCEEDED' });
});

const refused: Readonly<Record<string, string>> = {
  'a block that is cut off': block('AQID').slice(0, 40),
  'a block of another label': block('AQID', 'PRIVATE KEY'),
  'an END without a BEGIN': `-----END ${label}-----\n`,
  'a BEGIN within a block': `-----BEGIN ${label}-----\n${block('AQID')}`,
  'an END of another label': `-----BEGIN ${label}-----\nAQID\n-----END X509 CRL-----\n`,
  'an empty block': block(''),
  'characters outside base64': block('AQ!D'),
  'a header within a block': block('Proc-Type: 4,ENCRYPTED\n\nAQID'),
  'base64 without its padding': block('AQIDBA'),
  'base64 with set bits after its end': block('AQJ='),
  'padding in the middle': block('AQ==\nAQID'),
  'a broken boundary': `-----BEGIN ${label}----\nAQID\n`,
};

for (const [name, text] of Object.entries(refused)) {
  test(`${name} is refused`, (t) => {
    t.throws(() => decodePem(text, label, 5), malformed);
  });
}

test('PEM is told from DER, even from DER that contains a boundary', (t) => {
  t.true(looksLikePem(Buffer.from(block('AQID'))));
  t.true(looksLikePem(Buffer.from(`0 comment\n${block('AQID')}`)));
  t.false(looksLikePem(Buffer.concat([Buffer.from([0x30, 0x82, 0x01, 0x00]), Buffer.from(block('AQID'))])));
  t.false(looksLikePem(Buffer.from('garbage')));
});
