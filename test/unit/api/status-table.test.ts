import test from 'ava';
import { httpStatus, rowOf, statusTable, tellingReason } from '../../../src/api/status-table.ts';
import { coarseClass, wireBody } from '../../../src/api/wire-body.ts';
import { catalogue } from '../../../src/decision/reasons.ts';
import { reasonCodes } from '../../../src/lib/reason-code.ts';
import { decision, denial } from './fixtures.ts';

test('an allow and a denial that is not enforced pass', (t) => {
  t.is(rowOf(decision()), 'allow');
  t.is(rowOf(denial(['credential.expired'], { enforced: false })), 'allow');
});

test('only the row of what passes has gRPC status 0', (t) => {
  for (const [row, status] of Object.entries(statusTable)) t.is(status.grpc === 0, row === 'allow');
});

test('no credential, the device and ourselves have a row each', (t) => {
  t.is(rowOf(denial(['identity.no_credential'])), 'no_credential');
  t.is(rowOf(denial(['credential.expired'])), 'denied');
  t.is(rowOf(denial(['system.internal'])), 'unavailable');
});

test('whatever denies alone has the row of whose cause it is', (t) => {
  for (const code of reasonCodes.filter((code) => catalogue[code].severity === 'deny')) {
    const expected = catalogue[code].ours
      ? 'unavailable'
      : code === 'identity.no_credential'
        ? 'no_credential'
        : 'denied';
    t.is(rowOf(denial([code])), expected, code);
  }
});

test('a reason about the device outweighs one of ours, for coming back would not help', (t) => {
  const mixed = denial(['revocation.crl_stale', 'inventory.not_active']);
  t.is(rowOf(mixed), 'denied');
  t.is(tellingReason(mixed)?.code, 'inventory.not_active');
});

test('a remark never decides the row', (t) => {
  t.is(rowOf(denial(['system.internal', 'revocation.stale_within_grace'])), 'unavailable');
});

test('a denial without any denying reason counts as ours', (t) => {
  t.is(rowOf(denial([])), 'unavailable');
});

test('a configured status replaces the table’s only where it is an error status', (t) => {
  t.is(httpStatus('denied', { denied: 404 }), 404);
  for (const status of [200, 302, 0, 600, 403.5, Number.NaN])
    t.is(httpStatus('denied', { denied: status }), 403);
  t.is(httpStatus('no_credential', {}), 401);
  t.is(httpStatus('unavailable', { denied: 404 }), 503);
});

test('the body has the id and a coarse class, and nothing else', (t) => {
  const body: unknown = JSON.parse(wireBody(denial(['revocation.revoked'])));
  t.deepEqual(body, { decision_id: decision().decision_id, class: catalogue['revocation.revoked'].class });
  t.is(coarseClass(denial(['policy.timeout'])), 'retry_later');
  t.is(coarseClass(denial(['credential.expired'])), 'renew_certificate');
});
