import test from 'ava';
import { shedFailure } from '../../../src/api/shed-failure.ts';
import type { Config } from '../../../src/config/types.ts';
import type { Decision, Reason } from '../../../src/decision/types.ts';
import { wire } from './fixtures.ts';

const asked: Pick<Config, 'wire'> = { wire: { ...wire, overload: 'unavailable' } };
const reason = (code: Reason['code']): Reason => ({ code, severity: 'deny', message: '' });
const denied = (...codes: Reason['code'][]): Decision =>
  ({ decision_id: 'id', outcome: 'deny', enforced: true, reasons: codes.map(reason) }) as unknown as Decision;

test('a shed call is a denial unless the configuration asks by name for UNAVAILABLE', (t) => {
  t.is(shedFailure(denied('system.overload_shed'), { wire }), undefined);
  t.deepEqual(shedFailure(denied('system.overload_shed'), asked), {
    code: 14,
    details: 'system.overload_shed: decision id',
  });
});

test('no denial with another cause becomes a gRPC error, and none that is not enforced', (t) => {
  t.is(shedFailure(denied('system.overload_shed', 'hold.device'), asked), undefined);
  t.is(shedFailure(denied('system.internal'), asked), undefined);
  t.is(shedFailure({ ...denied('system.overload_shed'), enforced: false }, asked), undefined);
  t.is(shedFailure({ ...denied('system.overload_shed'), outcome: 'allow' }, asked), undefined);
});
