import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { buildRecord } from '../../src/audit/record.ts';
import type { Config } from '../../src/config/types.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { defaultBundlePath } from '../../src/policy/bundle.ts';
import type { ClassRules } from '../../src/policy/types.ts';
import { composeDecision } from '../../src/server/compose.ts';
import { caseText } from '../../src/workshop/case-add/case-text.ts';
import { caseFromRecord } from '../../src/workshop/case-add/from-record.ts';
import { createNames } from '../../src/workshop/case-add/names.ts';
import { loadCases, soundCases } from '../../src/workshop/cases/load.ts';
import { runCases } from '../../src/workshop/cases/run.ts';
import { askDecide } from '../helpers/case-ask.ts';
import { instant } from '../helpers/case-certificates.ts';
import { doorsOf } from '../helpers/case-doors.ts';
import { readCases } from '../helpers/case-files.ts';
import { closeWorlds, worldOf } from '../helpers/case-world.ts';

/** Cases that must be among those that a record can say. */
const always: ReadonlySet<string> = new Set(['a certificate of a revoked CA is denied']);

/** Every fifth case of this suite that the default policy decides, asked by the native door. */
const asked = readCases()
  .filter(
    (one) => doorsOf(one).includes('native') && one.fault === undefined && one.state?.policy === undefined,
  )
  .filter(({ title }, index) => index % 5 === 0 || always.has(title));

/** What is so in every case here. */
const usual = 'an enforcement point that was authenticated otherwise than by TLS';
/** A pinned certificate is not told from a CA's in a record. */
const odd: ReadonlySet<string> = new Set([
  'another certificate with name and key of a pinned one is not the pinned one',
]);

test.after.always(closeWorlds);

const folder = mkdtempSync(join(tmpdir(), 'pr-from-record-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

function rulesOf(classes: Config['classes'], name = ''): ClassRules | undefined {
  return Object.hasOwn(classes, name) ? classes[name] : undefined;
}

test.serial(
  'a record makes a case that is decided as it was, but for what it says that it cannot say',
  async (t) => {
    const files: string[] = [];
    for (const [index, one] of asked.entries()) {
      const world = await worldOf(one);
      world.setTime(instant(one.at));
      world.answered.length = 0;
      await askDecide(one, world);
      const [made] = world.answered;
      if (!made?.facts || odd.has(one.title)) continue;
      const draft = caseFromRecord(buildRecord(made), {
        title: one.title,
        names: createNames(Buffer.alloc(32, 7), new Set()),
        rules: rulesOf(world.config.classes, made.facts.device?.class),
        presumed: false,
      });
      const said = draft.untold.every((text) => text === usual);
      if (always.has(one.title)) t.true(said, one.title);
      if (!said) continue;
      const file = join(folder, `${index}.yaml`);
      writeFileSync(file, caseText(draft, made.decision));
      files.push(file);
    }
    t.true(files.length >= asked.length / 2, `${files.length} of ${asked.length} can be said`);
    const cases = soundCases(loadCases(files, { folder }));
    const bundle = readFileSync(defaultBundlePath);
    for await (const outcome of runCases(cases, { bundle, clock: systemClock, compose: composeDecision })) {
      t.deepEqual([outcome.status, ...outcome.problems], ['passed'], outcome.title);
    }
  },
);
