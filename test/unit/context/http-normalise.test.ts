import test from 'ava';
import { normaliseHttp } from '../../../src/context/http-normalise.ts';
import { Refusal } from '../../../src/context/refusal.ts';

function path(text: string, method = 'GET'): string | undefined {
  const http = normaliseHttp({ method, host: 'a', path: text });
  return http instanceof Refusal ? undefined : http.path;
}

function host(text: string): string | undefined {
  const http = normaliseHttp({ method: 'GET', host: text, path: '/' });
  return http instanceof Refusal ? undefined : http.host;
}

const paths: readonly (readonly [string, string])[] = [
  ['/', '/'],
  ['/a/b', '/a/b'],
  ['/a/b/', '/a/b/'],
  ['//admin//x', '/admin/x'],
  ['/a/./b/../c', '/a/c'],
  ['/a/b/..', '/a/'],
  ['/a/..', '/'],
  ['/a?b=/../c#d', '/a'],
  ['/%61%2e%2E/b', '/a../b'],
  ['/x/%2e%2e/b', '/b'],
  ['/%2561', '/%61'],
  ['/caf%C3%A9', '/café'],
];
for (const [given, normal] of paths) {
  test(`path ${given} is ${normal}`, (t) => t.is(path(given), normal));
}

const refusedPaths = [
  '',
  'a',
  '*',
  'http://a/b',
  '/..',
  '/a/../..',
  '/%2e%2e',
  '/%',
  '/%zz',
  '/%ff',
  '/%C3',
  '/%00',
  '/a%0a',
  '/a%2Fb',
  '/a%5cb',
  '/a\\b',
  '/a#b',
  '/a\u0000',
  `/${'a'.repeat(8192)}`,
];
for (const given of refusedPaths) {
  test(`path ${JSON.stringify(given.slice(0, 20))} is refused`, (t) => t.is(path(given), undefined));
}

test('the asterisk is for OPTIONS and the empty path for CONNECT', (t) => {
  t.is(path('*', 'OPTIONS'), '*');
  t.is(path('', 'CONNECT'), '');
});

const hosts: readonly (readonly [string, string])[] = [
  ['', ''],
  ['API.Example', 'api.example'],
  ['api.example.:8443', 'api.example'],
  ['[2001:DB8::1]:443', '[2001:db8::1]'],
  ['192.0.2.1:80', '192.0.2.1'],
];
for (const [given, normal] of hosts) {
  test(`host ${JSON.stringify(given)} is ${JSON.stringify(normal)}`, (t) => t.is(host(given), normal));
}
for (const given of ['a b', 'a:port', 'a/b', 'user@a', 'é.example', '[::g]', 'a'.repeat(300)]) {
  test(`host ${JSON.stringify(given.slice(0, 20))} is refused`, (t) => t.is(host(given), undefined));
}

test('methods are upper-case tokens', (t) => {
  t.like(normaliseHttp({ method: 'post', path: '/' }), { method: 'POST', host: '' });
  for (const method of ['', 'G ET', 'GET\n', 'A'.repeat(33)]) {
    t.true(normaliseHttp({ method, path: '/' }) instanceof Refusal);
  }
});
