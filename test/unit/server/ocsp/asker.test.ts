import test from 'ava';
import { createRoot } from '../../../../src/ca/index.ts';
import { parseCertificate } from '../../../../src/identity/parse.ts';
import { PortreeveError } from '../../../../src/lib/errors.ts';
import type { OcspResponder } from '../../../../src/revocation/ocsp/knowledge.ts';
import type { OcspAnswer } from '../../../../src/revocation/ocsp/types.ts';
import { Asker } from '../../../../src/server/ocsp/asker.ts';
import type { Exchange } from '../../../../src/server/ocsp/exchange.ts';
import { day, now } from '../../../helpers/crl-fixtures.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';

const ca = await createRoot({ subject: 'CN=CA', notBefore: now - day, notAfter: now + day });
const answer: OcspAnswer = {
  ...{ digest: '', produced_at: now, reason: null, revoked_at: null, signer_key: '', status: 'good' },
  ...{ this_update: now, next_update: now + day },
};
const down: Exchange = {
  error: new PortreeveError('PDP_SOURCE_UNAVAILABLE', 'down'),
  general: true,
  retryAfter: undefined,
};

function begin(ratePerSecond: number) {
  const clock = fakeClock(now);
  const asked: string[] = [];
  const waiting: ((exchange: Exchange) => void)[] = [];
  const responder: OcspResponder = {
    ...{ name: 'ca', issuer: parseCertificate(ca.der), url: 'http://ocsp.example/', ca: null },
    ...{ nonce: 'never', hash: 'sha1', signers: [], ratePerSecond, timeout: 1000, maxAge: null },
  };
  const asker = new Asker(responder, undefined, {
    ...{ clock, random: () => 1, onAsked: () => undefined, log: () => undefined },
    ask: (_responder, serial) => {
      asked.push(serial);
      return new Promise((resolve) => void waiting.push(resolve));
    },
  });
  const ask = (...serials: string[]) =>
    asker.ask(serials.map((serial) => ({ issuerKey: '', serial, failures: 0 })));
  const settle = async (exchange: Exchange): Promise<void> => {
    for (const resolve of waiting.splice(0)) resolve(exchange);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, asker, asked, ask, settle };
}

test('a responder is asked no faster than its rate, and each certificate once at a time', async (t) => {
  const { clock, asker, asked, ask, settle } = begin(3);
  ask('01', '02', '03', '04');
  t.deepEqual(asked, ['01', '02', '03']);
  await settle({ answer });
  t.is(asker.room(), 0);
  clock.advance(1000);
  t.is(asker.room(), 3);
  ask('05');
  ask('05');
  t.is(asked.filter((serial) => serial === '05').length, 1);
  clock.advance(60_000);
  t.is(asker.room(), 3, 'what was not used is not saved up');
});

test('at most eight certificates are asked about at once', (t) => {
  const { asker, asked, ask } = begin(100);
  ask(...Array.from({ length: 20 }, (_, i) => String(i)));
  t.is(asked.length, 8);
  t.is(asker.room(), 0);
});

test('a pause that began while the clock was in another century is over when its time has passed', async (t) => {
  const { clock, asker, ask, settle } = begin(100);
  clock.set(Date.UTC(2080, 0, 1));
  ask('01');
  await settle(down);
  t.is(asker.room(), 0);
  clock.set(now);
  t.is(asker.room(), 0);
  clock.advance(60_000);
  t.is(asker.room(), 1);
});

test('a responder that is down is left alone for a while, then asked about one certificate', async (t) => {
  const { clock, asker, ask, settle } = begin(100);
  ask('01', '02');
  await settle(down);
  t.is(asker.room(), 0);
  t.like(asker.state, { failures: 2, error: { message: 'down' } });
  clock.advance(60_000);
  t.is(asker.room(), 1);
  ask('01');
  await settle(down);
  t.is(asker.room(), 0);
  asker.wake();
  t.is(asker.room(), 1);
  ask('01');
  await settle({ answer });
  t.is(asker.room(), 8);
  t.like(asker.state, { failures: 0, error: null, lastSuccess: clock.now() });
});

test('an answer about one certificate that cannot be used keeps nobody from asking about others', async (t) => {
  const { asker, ask, settle } = begin(100);
  ask('01');
  const error = new PortreeveError('PDP_OCSP_INVALID', 'its signature is wrong');
  await settle({ error, general: false, retryAfter: undefined });
  t.is(asker.room(), 8);
  t.like(asker.state, { failures: 1, error: { code: 'PDP_OCSP_INVALID' } });
});
