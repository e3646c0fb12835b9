import test from 'ava';
import { judgeReplay } from '../../../src/audit/replayable.ts';
import type { AuditRecord } from '../../../src/audit/record.ts';

const record = {
  ...{ owner: 'redacted:…', reasons: [{ message: 'redacted:…' }] },
  redacted: ['/owner', '/reasons/0/message'],
} as unknown as AuditRecord;

const at = (path: string) => ({ path, recorded: 1, replayed: 2 });

test('what stands as a commitment is not compared, and is told as hidden', (t) => {
  const judged = judgeReplay(record, { differences: [at('owner'), at('reasons[0].message')], missing: [] });
  t.deepEqual(judged, { differences: [], missing: [], hidden: ['/owner', '/reasons/0/message'] });
});

test('where something else differs that may be for what is hidden, nothing can be said', (t) => {
  const { differences, missing } = judgeReplay(record, { differences: [at('outcome')], missing: [] });
  t.deepEqual(differences, []);
  t.deepEqual(missing, ['/owner, which is redacted', '/reasons/0/message, which is redacted']);
});

test('a record that was cut cannot be replayed, whatever comes out', (t) => {
  const cut = [{ path: '/facts/custom', bytes: 9, sha256: '' }];
  const judged = judgeReplay(
    { ...record, redacted: undefined, cut },
    {
      differences: [],
      missing: [],
    },
  );
  t.deepEqual(judged.missing, ['/facts/custom, which was cut']);
});

test('a record in clear differs where it differs', (t) => {
  const clear = { ...record, redacted: undefined } as unknown as AuditRecord;
  t.deepEqual(judgeReplay(clear, { differences: [at('owner')], missing: ['x'] }), {
    ...{ differences: [at('owner')], missing: ['x'], hidden: [] },
  });
});
