import test from 'ava';
import { createRedactor } from '../../../../src/audit/redact/redact-record.ts';
import { restore } from '../../../../src/audit/redact/restore.ts';
import type { AuditRecord } from '../../../../src/audit/record.ts';
import { parseCrl } from '../../../../src/revocation/parse-crl.ts';
import { whatIsLacking } from '../../../../src/workshop/records/lacking.ts';
import { replayWhole } from '../../../../src/workshop/replay/replay-record.ts';
import { makeWorld, type World } from '../../../helpers/world.ts';
import { meterRecord } from '../../../helpers/recorded.ts';

let world: World;
let record: AuditRecord;
test.before(async () => {
  world = await makeWorld();
  record = await meterRecord(world, '1');
});
test.after.always(() => world.close());

const replayed = (of: AuditRecord) =>
  replayWhole({
    record: of,
    parts: {
      engine: world.deps.policy(),
      settings: world.config,
      trust: world.deps.trust,
      crl: (digest) => {
        const der = world.crlBytes(digest);
        return der && parseCrl(der);
      },
      program: world.deps.program,
    },
    missing: [],
    differences: [],
  });

function hide(fields: readonly string[]) {
  const redactor = createRedactor({ fields, linkable: true, keep: null });
  const { record: hiding, opening } = redactor?.(record) ?? {};
  if (!hiding || !opening) throw new Error('nothing was redacted');
  return { hiding: JSON.parse(JSON.stringify(hiding)) as AuditRecord, opening };
}

test('a record that is revealed again replays as one that never hid anything', (t) => {
  const { hiding, opening } = hide(['device_id', 'facts', 'input']);
  t.deepEqual(replayed(restore(hiding, opening)), { is: 'same', depth: 'whole' });
});

test('what nothing was decided by may stay hidden: the rest comes out the same, and it is said', (t) => {
  t.deepEqual(replayed(hide(['owner']).hiding), { is: 'same', depth: 'whole', hidden: true });
});

test('where something else comes out that may be for what is hidden, nothing can be said', (t) => {
  const result = replayed(hide(['facts.credential.path']).hiding);
  t.is(result.is, 'missing');
  t.true(result.is === 'missing' && result.missing.every((one) => one.endsWith('which is redacted')));
});

test('a comparison of policies counts a record as undecidable whose rules read what it hides', (t) => {
  const found = (of: AuditRecord) => ({ whole: true, record: of, sampled: false, weight: 1, redacted: [] });
  const reads = (...inputKeys: string[]) => [{ name: 'NEW', inputVersion: 1, inputKeys }];
  const { hiding } = hide(['device_id']);
  t.is(whatIsLacking(found(hiding), reads('device_id')), 'input.device_id was redacted');
  t.is(whatIsLacking(found(hiding), reads('assurance')), undefined);
  t.is(
    whatIsLacking(found(hide(['leaf']).hiding), reads('certificate_fingerprint')),
    'input.certificate_fingerprint was redacted',
  );
  const cut = [{ path: '/input/tags', bytes: 1, sha256: '' }];
  t.is(whatIsLacking(found({ ...record, cut }), reads('tags')), 'input.tags was cut');
  t.is(whatIsLacking(found({ ...record, cut }), reads('assurance')), undefined);
  t.is(
    whatIsLacking(found({ ...record, cut: [{ ...cut[0]!, path: '/facts/holds' }] }), reads()),
    'facts.holds was cut',
  );
});
