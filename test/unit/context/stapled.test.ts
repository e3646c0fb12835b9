import test from 'ava';
import { buildContext } from '../../../src/context/build.ts';
import { limits } from '../../../src/context/limits.ts';
import type { RawConnection } from '../../../src/context/types.ts';
import { nativeRequest, settings } from './fixtures.ts';

const certificate: RawConnection['certificate'] = { form: 'der', chain: [Buffer.from([0x30])] };

function build(more: Partial<RawConnection>) {
  return buildContext(nativeRequest({ authenticatedBy: 'device_tls', ...more }), settings);
}

test('a stapled response comes with its certificate as it is, and an empty one is none', (t) => {
  const bytes = Buffer.from('not read here');
  t.like(build({ certificate, stapledOcsp: bytes }), { ok: true, context: { stapledOcsp: bytes } });
  const built = build({ certificate, stapledOcsp: Buffer.alloc(0) });
  t.true(built.ok && built.context.stapledOcsp === undefined);
});

test('a stapled response without a certificate, or a longer one than is read, refuses the request', (t) => {
  const refused = { ok: false, field: 'stapled_ocsp' } as const;
  const alone = nativeRequest({ authenticatedBy: 'none', stapledOcsp: Buffer.of(1) });
  const { certificate: _none, ...without } = alone;
  t.like(buildContext(without, settings), { ...refused, problem: 'came without a certificate' });
  t.true(build({ certificate, stapledOcsp: Buffer.alloc(limits.stapledOcsp) }).ok);
  t.like(build({ certificate, stapledOcsp: Buffer.alloc(limits.stapledOcsp + 1) }), refused);
});
