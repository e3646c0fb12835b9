import test from 'ava';
import { readChallenge } from '../../../src/context/challenge.ts';
import { Refusal } from '../../../src/context/refusal.ts';
import { httpRequest, nativeRequest, settings } from './fixtures.ts';

const { challenge: sources } = settings.attestation;
const nonce = Buffer.alloc(16, 0xab);

test('a native request states the challenge that its enforcement point gave', (t) => {
  t.is(readChallenge(nativeRequest({ challenge: nonce.toString('base64url') }), sources), 'ab'.repeat(16));
  t.is(readChallenge(nativeRequest({ challenge: '' }), sources), undefined);
  t.is(readChallenge(nativeRequest(), sources), undefined);
});

test('elsewhere it comes from what the proxy itself says, by the first configured source that is there', (t) => {
  const text = nonce.toString('base64url');
  const other = Buffer.alloc(8, 1).toString('base64url');
  const both = httpRequest({
    metadata: new Map([['pep:challenge', text]]),
    contextExtensions: new Map([['challenge', other]]),
  });
  t.is(readChallenge(both, sources), 'ab'.repeat(16));
  t.is(
    readChallenge(httpRequest({ contextExtensions: new Map([['challenge', other]]) }), sources),
    '01'.repeat(8),
  );
  t.is(readChallenge(httpRequest({ headers: new Map([['challenge', text]]) }), sources), undefined);
  t.is(readChallenge(httpRequest({ challenge: text }), sources), undefined, 'that field is the native door');
});

test('what is no nonce of 8 to 64 bytes refuses the request', (t) => {
  const bytes = (length: number) => Buffer.alloc(length, 1).toString('base64url');
  for (const wrong of [bytes(7), bytes(65), 'not base64', `${bytes(16)}\n`, 'AAAAAAAAAAB'])
    t.true(readChallenge(nativeRequest({ challenge: wrong }), sources) instanceof Refusal, wrong);
  t.is(readChallenge(nativeRequest({ challenge: bytes(8) }), sources), '01'.repeat(8));
  t.is(readChallenge(nativeRequest({ challenge: bytes(64) }), sources), '01'.repeat(64));
  t.is(
    readChallenge(nativeRequest({ challenge: Buffer.alloc(16, 1).toString('base64') }), sources),
    '01'.repeat(16),
    'padding',
  );
  const empty = httpRequest({ metadata: new Map([['pep:challenge', '']]) });
  t.true(readChallenge(empty, sources) instanceof Refusal, 'there, and empty');
});
