import test from 'ava';
import { conclude } from '../../../../src/decision/conclude.ts';
import type { Assurance, MadeDecision } from '../../../../src/decision/types.ts';
import { createTally } from '../../../../src/server/records/tally.ts';
import { someFacts, someMaterial, somePep } from '../../../helpers/facts.ts';

function made(assurance: Assurance): MadeDecision {
  const facts = someFacts({ assurance });
  return {
    decision: conclude(someMaterial({ facts }), { enforcement: { observe: [], break_glass: [] } }),
    facts,
    input: null,
    verdict: null,
    pep: somePep,
    door: 'native',
    connection_id: null,
    trace: null,
    timings: { facts: 1, policy: 1, conclude: 1, total: 3 },
  };
}

test('allows that rest on different assurances are counted apart', (t) => {
  const tally = createTally();
  for (const one of ['none', 'device_proved', 'none'] as const) tally.add(made(one));
  t.deepEqual(
    tally.take().map(({ outcome, assurance, times }) => [outcome, assurance, times.total.count]),
    [
      ['allow', 'none', 2],
      ['allow', 'device_proved', 1],
    ],
  );
  t.deepEqual(tally.take(), []);
});
