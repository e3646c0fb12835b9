import test from 'ava';
import { withinTime } from '../../../../src/server/shadow/within-time.ts';

/** A module with an exported function `f` of a loop that branches to its own begin (WebAssembly Core 1.0, section 5.5). */
const endless = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00],
  ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
  ...[0x0a, 0x09, 0x01, 0x07, 0x00, 0x03, 0x40, 0x0c, 0x00, 0x0b, 0x0b],
]);

interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: { readonly f: () => void } };
}

test('a loop without end in WebAssembly is broken off, and what comes after it runs', (t) => {
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
  const { exports } = new Instance(new Module(endless));
  let after = false;
  t.false(
    withinTime(20, () => {
      exports.f();
      after = true;
    }),
  );
  t.false(after);
  let ran = 0;
  t.true(withinTime(10_000, () => (ran += 1)));
  t.is(ran, 1);
});

test('what is thrown is thrown', (t) => {
  t.throws(
    () =>
      withinTime(10_000, () => {
        throw new Error('as it is');
      }),
    { message: 'as it is' },
  );
});
