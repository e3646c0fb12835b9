import test from 'ava';
import { decisionText } from '../../../src/cli/decide/text.ts';
import { conclude } from '../../../src/decision/conclude.ts';
import type { MadeDecision } from '../../../src/decision/types.ts';
import { someMaterial, someVerdict } from '../../helpers/facts.ts';

const declared = {
  class: 'not_authorized',
  remediation: 'Wait for Monday.',
  severity: 'deny',
  text: 'It is Sunday.',
} as const;

test("an author's own reason is told with its words, its detail and what to do about it", (t) => {
  const reasons = [{ code: 'custom.sunday', declared, detail: { weekday: 0 } }] as const;
  const material = someMaterial({ verdict: someVerdict({ reasons }) });
  const decision = conclude(material, { enforcement: { observe: [], break_glass: [] } });
  const { facts, pep, verdict } = material;
  const made: MadeDecision = {
    ...{ decision, facts, pep, verdict, input: null, door: 'native', connection_id: null, trace: null },
    timings: { facts: 0, policy: 0, conclude: 0, total: 0 },
  };
  const line = decisionText(made, (_tone, text) => text)
    .split('\n')
    .find((one) => one.startsWith('custom.sunday'));
  t.regex(line ?? '', /deny +It is Sunday\. \(weekday: 0\) What to do: Wait for Monday\.$/);
});
