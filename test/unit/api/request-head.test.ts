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
});

test('what cannot become a request is malformed at once, and not when its headers end', (t) => {
  for (const begin of [
    '\x16',
    '\x16\x03\x01\x02',
    'g',
    '\n',
    '\rG',
    '\r\n\n',
    'GET /healthz HTTP/1.0\n',
    'GET /healthz\r\n',
    'PRI * HTTP/2.0\r\n',
  ]) {
    t.is(read(begin), 'malformed', JSON.stringify(begin));
    t.is(read(...begin), 'malformed', JSON.stringify(begin));
  }
});

test('empty lines before a request are skipped, in whichever pieces they come', (t) => {
  for (const empty of ['\r\n', '\r\n\r\n', '\r\n\r\n\r\n']) {
    t.deepEqual(read(`${empty}${whole}`), head);
    t.deepEqual(read(...`${empty}${whole}`), head);
    t.is(read(empty), 'partial');
    t.is(read(`${empty}\r`), 'partial');
    t.is(read(`${empty}GET / HTTP/1.1\r\n`), 'partial');
  }
  t.is(read('\r\n'.repeat(5000)), 'too large');
});

test('an absolute target is that of a request to its host', (t) => {
  for (const [sent, target] of [
    ['http://x/healthz', '/healthz'],
    ['HTTP://x:9901/metrics?a=http://y/', '/metrics?a=http://y/'],
    ['https://[::1]:1/healthz', '/healthz'],
    ['http://x', '/'],
    ['http://x?a', '/?a'],
    ['/http://x/healthz', '/http://x/healthz'],
    ['http:///healthz', 'http:///healthz'],
    ['*', '*'],
  ] as const)
    t.deepEqual(read(`GET ${sent} HTTP/1.1\r\n\r\n`), { method: 'GET', target }, sent);
});

test('a head of more than 8 KiB is too large, in one piece or in many', (t) => {
  const long = `GET / HTTP/1.1\r\nx: ${'y'.repeat(9000)}`;
  t.is(read(`${long}\r\n\r\n`), 'too large');
  t.is(read(...(long.match(/.{1,100}/gs) ?? [])), 'too large');
});
