import test from 'ava';
import fc from 'fast-check';
import { decodeDecide } from '../../../src/api/decision-service/decode.ts';
import { encodeDecide } from '../../../src/api/decision-service/encode.ts';
import { readDecision } from '../../../src/api/decision-service/read-decision.ts';
import type { DecideResponse } from '../../../src/api/decision-service/wire.ts';
import { messageCodec } from '../../../src/api/load-protos.ts';
import type { Decision } from '../../../src/decision/types.ts';
import { edge } from '../context/fixtures.ts';
import { decision, denial } from './fixtures.ts';

const codec = messageCodec<DecideResponse>('portreeve.v1.DecideResponse');
const overTheWire = (one: Decision): Decision => readDecision(codec.decode(codec.encode(encodeDecide(one))));

const full = denial(['credential.expired', 'revocation.crl_stale'], {
  enforced: false,
  device_id: null,
  assurance: 'none',
  reasons: [
    {
      code: 'credential.expired',
      severity: 'deny',
      message: 'm',
      detail: { a: 'b', n: 1.5, yes: true, no: false, zero: 0, empty: '' },
    },
    { code: 'revocation.stale_within_grace', severity: 'warn', message: 'm' },
    { code: 'policy.ok', severity: 'info', message: 'm' },
  ],
  obligations: { entitlements: [], headers: { 'x-a': 'b' }, session_limit_s: 0 },
  versions: {
    ...decision().versions,
    site: '',
    bundle: 'b',
    crls: [{ issuer_key: 'k', number: '0a', digest: 'd' }],
  },
  faults: [{ code: 'policy.timeout', stage: 'policy', message: 'late' }],
});

test('the whole decision comes back from its bytes', (t) => {
  for (const one of [
    decision(),
    full,
    decision({ assurance: 'gateway_asserted' }),
    decision({ assurance: 'attested' }),
  ]) {
    t.deepEqual(overTheWire(one), one);
  }
});

test('whatever texts a decision holds come back', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.double({ noNaN: true }), (text, number) => {
      const one = decision({
        device_id: text,
        reasons: [{ code: 'policy.ok', severity: 'info', message: text, detail: { text, number } }],
      });
      t.deepEqual(overTheWire(one), one);
    }),
    { numRuns: 100 * Number(process.env.SOAK_FACTOR ?? 1) },
  );
});

test('an empty answer reads as an enforced denial without assurance', (t) => {
  t.like(readDecision(codec.decode(new Uint8Array(0))), {
    outcome: 'deny',
    enforced: true,
    assurance: 'none',
    valid_until: null,
  });
});

test('a reason outside the catalogue is an error', (t) => {
  t.throws(() => readDecision({ reasons: [{ code: 'made.up' }] }), { code: 'PDP_INPUT_MALFORMED' });
});

test('a request is decoded in full', (t) => {
  const chain = [Uint8Array.of(1)];
  const request = {
    peer_chain: chain,
    authenticated_by: 'AUTHENTICATED_BY_GATEWAY_ASSERTED',
    gateway: 'gw',
    claims: { device_id: 'd', serial: '01', firmware_hash: 'aa', attestation: 't' },
    source_ip: '::1',
    destination: 'a:1',
    protocol: 'mqtt',
    sni: 's',
    labels: { l: 'v' },
    connection_id: 'c',
  };
  t.deepEqual(decodeDecide(request, edge, undefined), {
    door: 'native',
    pep: edge,
    certificate: { form: 'der', chain },
    authenticatedBy: 'gateway_asserted',
    gateway: 'gw',
    claims: request.claims,
    sourceIp: '::1',
    destination: 'a:1',
    protocol: 'mqtt',
    sni: 's',
    labels: new Map([['l', 'v']]),
    connectionId: 'c',
  });
});

test('an unspecified or unknown way of authentication stays unsaid', (t) => {
  for (const authenticated_by of [undefined, 'AUTHENTICATED_BY_UNSPECIFIED', 99]) {
    t.false('authenticatedBy' in decodeDecide({ authenticated_by }, edge, undefined));
  }
});
