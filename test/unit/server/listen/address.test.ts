import test from 'ava';
import { formatAddress, isLocal, parseAddress } from '../../../../src/server/listen/address.ts';

for (const [text, local] of [
  ['127.0.0.1:9191', true],
  ['127.8.0.1:0', true],
  ['localhost:80', true],
  ['[::1]:9191', true],
  ['unix:/run/portreeve.sock', true],
  ['0.0.0.0:9191', false],
  ['[::]:9191', false],
  ['10.0.0.1:1', false],
  ['pdp.example:9191', false],
] as const) {
  test(`${text} is read, written back, and ${local ? 'local' : 'not local'}`, (t) => {
    const address = parseAddress(text);
    t.is(formatAddress(address), text);
    t.is(isLocal(address), local);
  });
}

for (const text of ['', '9191', 'host', ':80', 'host:65536', '[10.0.0.1]:80', '::1:80', 'unix:relative']) {
  test(`"${text}" is no address`, (t) => {
    t.throws(() => parseAddress(text), { code: 'PDP_CONFIG_INVALID' });
  });
}

test('a socket path that the kernel would cut is refused', (t) => {
  t.throws(() => parseAddress(`unix:/${'a'.repeat(105)}`), { code: 'PDP_CONFIG_INVALID' });
});
