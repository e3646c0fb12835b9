import test from 'ava';
import { encodeCheck } from '../../../src/api/ext-authz/encode.ts';
import { deviceToTell, ownHeaders, upstreamHeaders } from '../../../src/api/ext-authz/headers.ts';
import type { CheckResponse } from '../../../src/api/ext-authz/wire.ts';
import { messageCodec } from '../../../src/api/load-protos.ts';
import type { Decision, Subject } from '../../../src/decision/types.ts';
import { someFacts } from '../../helpers/facts.ts';
import { decision, denial, wire } from './fixtures.ts';

function sent(over: Parameters<typeof decision>[0]): Record<string, string> {
  const { headers } = toldUpstream(decision(over));
  return Object.fromEntries(headers.map(({ header }) => [header.key, header.value]));
}

/** With facts that say that the device proved itself. */
function made(of: Decision, subject: Subject = 'proved') {
  return { decision: of, facts: someFacts({ device_id: of.device_id, subject }) };
}

function toldUpstream(of: Decision) {
  return upstreamHeaders(of, deviceToTell(made(of)));
}

const obligations = { entitlements: [], headers: {}, session_limit_s: null };

test('an allow tells the upstream everything, overwriting what the client sent', (t) => {
  const { headers, headers_to_remove } = toldUpstream(decision());
  t.deepEqual(
    headers.map(({ header }) => [header.key, header.value]),
    [
      ['x-portreeve-decision', '01900000-0000-7000-8000-000000000001'],
      ['x-portreeve-device', 'spiffe://fleet.example/meter/1'],
      ['x-portreeve-assurance', 'device_proved'],
      ['x-portreeve-entitlements', 'read,write'],
      ['x-portreeve-valid-until', '2026-11-21T13:00:00.000Z'],
    ],
  );
  t.true(headers.every((one) => one.append_action === 'OVERWRITE_IF_EXISTS_OR_ADD' && !one.append?.value));
  t.deepEqual(headers_to_remove, []);
});

test('each of our headers is either set or removed, never both', (t) => {
  const sparse = decision({ device_id: null, valid_until: null, obligations });
  for (const one of [decision(), sparse, denial(['policy.denied'], { enforced: false })]) {
    const { headers, headers_to_remove } = toldUpstream(one);
    const names = [...headers.map(({ header }) => header.key), ...headers_to_remove];
    t.deepEqual(names.toSorted(), [...ownHeaders].toSorted());
  }
  t.deepEqual(toldUpstream(sparse).headers_to_remove, [
    'x-portreeve-device',
    'x-portreeve-entitlements',
    'x-portreeve-valid-until',
  ]);
});

test('a denial that is not enforced passes without entitlements, time or the policy’s headers', (t) => {
  const observed = denial(['policy.denied'], {
    enforced: false,
    valid_until: '2026-11-21T13:00:00.000Z',
    obligations: { entitlements: ['read'], headers: { 'x-tier': 'gold' }, session_limit_s: null },
  });
  const answer = encodeCheck(made(observed), 'ext_authz_http', wire);
  t.is(answer.status.code, 0);
  t.deepEqual(
    answer.ok_response?.headers.map(({ header }) => header.key),
    ['x-portreeve-decision', 'x-portreeve-device', 'x-portreeve-assurance'],
  );
  t.deepEqual(answer.ok_response?.headers_to_remove, [
    'x-portreeve-entitlements',
    'x-portreeve-valid-until',
    'x-tier',
  ]);
  t.is(answer.dynamic_metadata?.fields?.['outcome']?.stringValue, 'deny');
});

test('ids and entitlements that are no plain ASCII are percent-encoded', (t) => {
  const values = sent({
    device_id: 'mètre 1%,\r\nx: y',
    obligations: { ...obligations, entitlements: ['a,b', 'c d', '\ud800'] },
  });
  t.is(values['x-portreeve-device'], 'm%C3%A8tre%201%25,%0D%0Ax:%20y');
  t.is(values['x-portreeve-entitlements'], 'a%2Cb,c%20d,%EF%BF%BD');
});

test('the policy’s headers are sent in lower case, except those that are not its to set', (t) => {
  const headers = {
    'X-Tier': 'gold',
    'x-portreeve-device': 'forged',
    ':path': '/',
    host: 'a',
    'x-envoy-a': '1',
    'a b': '1',
  };
  const values = sent({ obligations: { ...obligations, headers } });
  t.is(values['x-tier'], 'gold');
  t.is(values['x-portreeve-device'], 'spiffe://fleet.example/meter/1');
  t.deepEqual(
    Object.keys(values).filter((name) => !name.startsWith('x-portreeve-')),
    ['x-tier'],
  );
});

test('a value that cannot be sent is removed from what the client sent', (t) => {
  const headers = {
    'x-long': 'a'.repeat(9000),
    'x-break': 'a\r\nb: c',
    'x-empty': '',
    'x-word': 'é',
    'x-fine': 'a b',
  };
  const { headers: set, headers_to_remove } = toldUpstream(
    decision({ obligations: { ...obligations, headers } }),
  );
  t.true(set.some(({ header }) => header.key === 'x-fine'));
  t.deepEqual(headers_to_remove, ['x-portreeve-entitlements', 'x-long', 'x-break', 'x-empty', 'x-word']);
});

test('one header in two spellings is never both set and removed', (t) => {
  const headers = { 'X-Tier': 'gold', 'x-tier': '\n' };
  const answer = toldUpstream(decision({ obligations: { ...obligations, headers } }));
  t.false(answer.headers_to_remove.includes('x-tier'));
});

test('of one header in several spellings the last one is sent, once; none that can be sent is removed, once', (t) => {
  const headers = { 'X-Tier': 'gold', 'x-tier': 'iron', 'X-Word': 'é', 'x-word': '' };
  const answer = toldUpstream(decision({ obligations: { ...obligations, headers } }));
  const told = answer.headers.filter(({ header }) => header.key === 'x-tier');
  t.deepEqual(
    told.map(({ header }) => header.value),
    ['iron'],
  );
  t.deepEqual(
    answer.headers_to_remove.filter((name) => name === 'x-word'),
    ['x-word'],
  );
});

test('a number of headers beyond reason is cut, and the rest removed', (t) => {
  const headers = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`x-h${n}`, 'v']));
  const answer = toldUpstream(decision({ obligations: { ...obligations, headers } }));
  t.is(answer.headers.length, 64);
});

test('denials answer their row’s statuses with the coarse body', (t) => {
  const answer = (codes: Parameters<typeof denial>[0]) =>
    encodeCheck(made(denial(codes)), 'ext_authz_http', wire, (min) => min);
  const [device, none, ours] = [
    answer(['credential.expired']),
    answer(['identity.no_credential']),
    answer(['policy.timeout']),
  ];
  t.deepEqual([device.status.code, device.denied_response?.status.code], [7, 403]);
  t.deepEqual([none.status.code, none.denied_response?.status.code], [16, 401]);
  t.deepEqual([ours.status.code, ours.denied_response?.status.code], [7, 503]);
  t.like(JSON.parse(device.denied_response?.body ?? '') as object, { class: 'renew_certificate' });
});

test('only a denial of ours says when to come back, at a random time within the bounds', (t) => {
  const retryAfter = (codes: Parameters<typeof denial>[0]): string | undefined =>
    encodeCheck(made(denial(codes)), 'ext_authz_http', wire).denied_response?.headers.find(
      ({ header }) => header.key === 'retry-after',
    )?.header.value;
  t.is(retryAfter(['credential.expired']), undefined);
  const waits = Array.from({ length: 200 }, () => Number(retryAfter(['system.internal'])));
  t.true(waits.every((wait) => Number.isInteger(wait) && wait >= 5 && wait <= 30));
  t.true(new Set(waits).size > 5);
});

test('configured statuses change what is told, never whether it passes', (t) => {
  const odd = { ...wire, statuses: { denied: 404, unavailable: 200 } };
  const device = encodeCheck(made(denial(['credential.expired'])), 'ext_authz_http', odd);
  t.deepEqual([device.status.code, device.denied_response?.status.code], [7, 404]);
  const ours = encodeCheck(made(denial(['system.internal'])), 'ext_authz_http', odd);
  t.deepEqual([ours.status.code, ours.denied_response?.status.code], [7, 503]);
});

test('on L4 there is no HTTP part, and the metadata all the same', (t) => {
  for (const one of [decision(), denial(['revocation.revoked'])]) {
    const answer = encodeCheck(made(one), 'ext_authz_l4', wire);
    t.false('ok_response' in answer || 'denied_response' in answer);
    t.deepEqual(answer.dynamic_metadata?.fields, {
      decision_id: { stringValue: one.decision_id },
      outcome: { stringValue: one.outcome },
      reason: { stringValue: one.reasons[0]?.code },
      device_id: { stringValue: one.device_id },
    });
  }
});

test('every answer survives its encoding', (t) => {
  const codec = messageCodec<CheckResponse>('envoy.service.auth.v3.CheckResponse');
  for (const one of [decision(), decision({ device_id: null }), denial(['credential.expired']), denial([])]) {
    const answer = encodeCheck(made(one), 'ext_authz_http', wire);
    t.like(codec.decode(codec.encode(answer)), { dynamic_metadata: answer.dynamic_metadata });
  }
});

test('a device that is no more than claimed is told neither upstream nor to the proxy, whatever lets it pass', (t) => {
  const observed = denial(['identity.no_credential'], { enforced: false, assurance: 'none' });
  const optional = decision({ assurance: 'none' });
  for (const one of [observed, optional]) {
    const answer = encodeCheck(made(one, 'claimed'), 'ext_authz_http', wire);
    const { headers = [], headers_to_remove = [] } = answer.ok_response ?? {};
    t.false(headers.some(({ header }) => header.key === 'x-portreeve-device'));
    t.true(headers_to_remove.includes('x-portreeve-device'), 'nor is one that the client sent');
    t.false('device_id' in (answer.dynamic_metadata?.fields ?? {}));
  }
  const blind = { decision: observed, facts: null };
  t.false('device_id' in (encodeCheck(blind, 'ext_authz_l4', wire).dynamic_metadata?.fields ?? {}));
  for (const subject of ['proved', 'named_by_certificate', 'vouched'] as const) {
    const { dynamic_metadata } = encodeCheck(made(observed, subject), 'ext_authz_l4', wire);
    t.deepEqual(dynamic_metadata?.fields?.['device_id'], { stringValue: observed.device_id }, subject);
  }
});
