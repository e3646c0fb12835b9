import test from 'ava';
import { buildContext } from '../../../src/context/build.ts';
import { withRecord } from '../../../src/decision/with-record.ts';
import { decideOnce } from '../../../src/decision/decide.ts';
import type { Call, Step } from '../../../src/decision/deps.ts';
import type { MadeDecision } from '../../../src/decision/types.ts';
import { withTrace } from '../../../src/decision/with-trace.ts';
import type { DecisionSpan } from '../../../src/telemetry/tracing.ts';
import { makeWorld } from '../../helpers/world.ts';
import type { World } from '../../helpers/world.ts';

let world: World;
let call: Call;
let made: MadeDecision;
test.before(async () => {
  world = await makeWorld();
  made = await world.decide(world.connect({}));
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  call = {
    built: { ok: false, pep: world.pep('envoy'), door: 'native', field: 'sni', problem: 'x', traceparent },
    timing: { arrived: 0, deadline: 1 },
    now: 0,
    standing: null,
    late: () => false,
    mark: () => undefined,
    trace: null,
  };
});
test.after.always(() => world.close());

const ids = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) };

function span(log: string[]): DecisionSpan {
  return {
    traceId: ids.trace_id,
    spanId: ids.span_id,
    trace: ids,
    event: (name) => log.push(`event ${name}`),
    end: (decision) => log.push(`end ${decision.outcome}`),
  };
}

test('the span begins with the traceparent, has the stages as events and ends with what was decided', async (t) => {
  const log: string[] = [];
  const step: Step = async (inner) => {
    inner.mark('facts');
    return { ...made, trace: inner.trace };
  };
  const traced = withTrace(step, (from) => {
    log.push(`start ${from.door} ${from.traceparent}`);
    return span(log);
  });
  const answer = await traced(call);
  t.deepEqual(answer.trace, ids);
  t.deepEqual(log, [
    'start native 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'event facts',
    'end deny',
  ]);
});

test('tracing that fails anywhere leaves the decision as it is', async (t) => {
  const fail = () => {
    throw new Error('exporter broke');
  };
  const step: Step = async (inner) => {
    inner.mark('facts');
    return made;
  };
  t.is(await withTrace(step, fail)(call), made);
  t.is(await withTrace(step, () => ({ ...span([]), event: fail, end: fail }))(call), made);
});

test('the flow marks facts, policy, conclusion and record, in this order', async (t) => {
  const marks: string[] = [];
  const raw = world.connect({ shows: await world.leaf('meter/1') });
  const flow = withRecord((inner) => decideOnce(inner, world.deps), world.deps);
  const built = buildContext(raw, world.config);
  await flow({ ...call, built, now: world.clock.now(), mark: (stage) => marks.push(stage) });
  t.deepEqual(marks, ['facts', 'policy', 'conclude', 'record']);
});
