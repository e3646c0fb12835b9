import test from 'ava';
import { derivedDifferences } from '../../../src/audit/derived.ts';
import { buildRecord } from '../../../src/audit/record.ts';
import type { AuditRecord } from '../../../src/audit/record.ts';
import { buildSupersedingRecord } from '../../../src/audit/superseding.ts';
import { conclude } from '../../../src/decision/conclude.ts';
import type { MadeDecision } from '../../../src/decision/types.ts';
import { someDevice, someFacts, someMaterial, somePep } from '../../helpers/facts.ts';

const facts = someFacts({ device: someDevice({ owner: 'Grid West', site: 'nantes', tags: ['rooftop'] }) });
const made: MadeDecision = {
  decision: conclude(someMaterial({ facts }), { enforcement: { observe: [], break_glass: [] } }),
  facts,
  input: null,
  verdict: null,
  pep: somePep,
  door: 'native',
  connection_id: null,
  trace: { trace_id: '11'.repeat(16), span_id: '22'.repeat(8) },
  timings: { facts: 1, policy: 1, conclude: 1, total: 3 },
};
const record = buildRecord(made);

test('a record says what its facts say, one that stands in the place of another as well', (t) => {
  t.deepEqual(derivedDifferences(record), []);
  t.deepEqual(derivedDifferences(buildSupersedingRecord(made)), []);
});

const altered: Partial<AuditRecord> = {
  class: 'camera',
  owner: 'Another',
  site: 'oslo',
  tags: [],
  leaf: 'ff'.repeat(32),
  key: 'ff'.repeat(32),
  issuer: 'CN=Another CA',
  issuer_key: 'ff'.repeat(32),
  serial: 'ff',
  pep: { ...somePep, name: 'edge' },
  door: 'ext_authz_l4',
  connection_id: 'another',
  tenant: 'another',
};

for (const [member, value] of Object.entries(altered)) {
  test(`a record whose ${member} was altered differs from its facts`, (t) => {
    const [first, ...others] = derivedDifferences({ ...record, [member]: value });
    t.true(first?.path.startsWith(member), first?.path);
    t.deepEqual(others, []);
  });
}

test('a record without facts has no class, owner, tags or certificate', (t) => {
  const blind = { ...made, facts: null, decision: { ...made.decision, device_id: null } };
  t.deepEqual(derivedDifferences(buildRecord(blind)), []);
  for (const member of ['class', 'owner', 'leaf', 'key', 'serial'] as const) {
    const differences = derivedDifferences({ ...buildRecord(blind), [member]: 'ff' });
    t.deepEqual(differences, [{ path: member, recorded: 'ff', replayed: null }]);
  }
});
