import test from 'ava';
import { createHeadReader } from '../../../src/api/request-head.ts';

function read(...pieces: readonly string[]): unknown {
  const reader = createHeadReader();
  let told: unknown = 'partial';
  for (const piece of pieces) {
    told = reader(Buffer.from(piece, 'latin1'));
    if (told !== 'partial') break;
  }
  return told;
}

const whole = 'GET /metrics?x HTTP/1.1\r\nhost: a\r\n\r\n';
const head = { method: 'GET', target: '/metrics?x' };

test('a request is known once its headers end, in whichever pieces they come', (t) => {
  t.deepEqual(read(whole), head);
  t.deepEqual(read(...whole), head);
  for (let at = 1; at < whole.length; at += 1) {
    t.deepEqual(read(whole.slice(0, at), whole.slice(at)), head, String(at));
    t.is(read(whole.slice(0, at)), 'partial');
  }
  t.deepEqual(read('HEAD / HTTP/1.0\r\n\r\n'), { method: 'HEAD', target: '/' });
  t.deepEqual(read(`${whole}GET / HTTP/1.1\r\n\r\n`), head, 'what follows is nobody’s');
});

test('what is no request of HTTP/1 is malformed', (t) => {
  for (const line of [
    '',
    'GET',
    'GET /',
    'get / HTTP/1.1',
    'GET / HTTP/2.0',
    'GET  / HTTP/1.1',
    'GET /ä HTTP/1.1',
  ])
    t.is(read(`${line}\r\nhost: a\r\n\r\n`), 'malformed', line);
  t.is(read('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), 'malformed');
  t.is(read('\x16\x03\x01\r\n\r\n'), 'malformed');
});

test('a head of more than 8 KiB is too large, in one piece or in many', (t) => {
  const long = `GET / HTTP/1.1\r\nx: ${'y'.repeat(9000)}`;
  t.is(read(`${long}\r\n\r\n`), 'too large');
  t.is(read(...(long.match(/.{1,100}/gs) ?? [])), 'too large');
});
