import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { systemClock } from '../../../../src/lib/clock.ts';
import { composeDecision } from '../../../../src/server/compose.ts';
import { buildBundle } from '../../../../src/workshop/build/build-bundle.ts';
import { loadCases, soundCases } from '../../../../src/workshop/cases/load.ts';
import { diffCases } from '../../../../src/workshop/diff/diff-cases.ts';
import type { Outcome } from '../../../../src/workshop/diff/diff-records.ts';
import { openProject } from '../../../../src/workshop/project/open.ts';
import { opa, withOpa } from '../../../helpers/policies.ts';
import { projectFolder, smallProject } from '../../../helpers/policy-projects.ts';

const rego = 'rego/policy.rego';
const file = 'cases/travelling.yaml';

/** The cases of the small project, decided with it and with what it becomes. */
async function diff(
  t: ExecutionContext,
  change: (rego: string) => string,
  cases = smallProject[file]!,
): Promise<Outcome> {
  const folder = projectFolder(t, smallProject);
  const before = buildBundle(opa.opa!, openProject(folder));
  writeFileSync(join(folder, rego), change(smallProject[rego]!));
  const after = buildBundle(opa.opa!, openProject(folder));
  writeFileSync(join(folder, file), cases);
  return diffCases(soundCases(loadCases([file], { folder })), {
    ...{ before, after, mostDevices: 10 },
    run: { compose: composeDecision, clock: systemClock },
  });
}

withOpa(
  'a case that NEW denies is a lock-out with title, file and line, whatever the case expects',
  async (t) => {
    const { tally, devices } = await diff(t, (text) => text.replace('< 360', '< 800'));
    t.like(tally, {
      compared: { lines: 2 },
      lock_outs: { lines: 1 },
      same: { lines: 1 },
      denied_by_both: { lines: 1 },
    });
    t.like(devices.sorted()[0], {
      ...{ device_id: 'spiffe://example.org/meter-1', reason: 'custom.night', direction: 'lock_out' },
      ...{ when: 'by day', ref: `${file}:3` },
    });
  },
);

withOpa('cases are the same for the same policy, although their certificates are others', async (t) => {
  const { tally } = await diff(t, (text) => text);
  t.is(tally.same.lines, 2);
});

withOpa('a skipped case is not counted', async (t) => {
  const skipped = smallProject[file]!.replace('- title: by day', '- title: by day\n    skip: not now');
  const { tally } = await diff(t, (text) => text, skipped);
  t.is(tally.compared.lines, 1);
  t.is(tally.undecidable.lines, 0);
});
