import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { recipeNames } from '../../src/workshop/init/recipes.ts';
import { starterFiles } from '../../src/workshop/init/starter.ts';
import { writeProject } from '../../src/workshop/init/write.ts';
import { opa } from '../helpers/policies.ts';
import { needing } from '../helpers/skip.ts';
import { portreeveHere } from '../unit/cli/helpers/run.ts';

/*
 * Each recipe of the cookbook, laid over the starter as `policy init --recipe` does: checked, its Rego tests and all cases
 * run and compared with opa. And each with the mistake that a careless author would make: its cases must tell.
 */
const careless: Readonly<Record<string, readonly [from: string, to: string]>> = {
  // Lists what writes, and forgets what nobody thought of.
  'attested-writers': [
    '_reading if input.http_method in data.attested_writers.reading',
    '_reading if not input.http_method in {"POST", "PUT", "PATCH", "DELETE"}',
  ],
  // An exception in the policy, which nothing ends.
  'break-glass': ['because != null', 'because != null\n\tinput.device_id != "spiffe://example.org/meter/1"'],
  // A night that belongs to the day on which it ends.
  'business-hours': ['_yesterday := (input.weekday + 6) % 7', '_yesterday := input.weekday'],
  // A place by what changes with each certificate.
  'canary-class': ['split(lower(input.device_id), "")', 'split(input.certificate_fingerprint, "")'],
  // Any prefix, not the longest.
  'deny-by-asn': ['\t_length(entry) == max([_length(one) | some one in _containing])\n', ''],
  // A gateway that is merely named.
  'gateways-at-site': [
    '\tinput.authenticated_by == "gateway_asserted"\n\tinput.gateway_proved == true\n',
    '',
  ],
  // Only what the device itself shows.
  'issued-before': ['\t_least_s != null\n', '\t_least_s != null\n\tinput.authenticated_by == "device_tls"\n'],
  // Null is less than every number, and a gateway's certificate is one too.
  'old-certificates': [
    'session_limit_s if not _young',
    'session_limit_s if {\n\tnot _young\n\tinput.authenticated_by == "device_tls"\n}',
  ],
  // Denies by what an entry says, and there is none.
  'per-tenant-data': [
    'deny contains {"code": "custom.tenant_unknown", "detail": {"tenant": input.tenant}} if not _own',
    'deny contains {"code": "custom.tenant_unknown"} if _own.classes == []',
  ],
  // Forgets who keeps silent.
  'quarantine-firmware': ['\tinput.firmware_hash == null\n', '\tinput.firmware_hash == ""\n'],
  // An attestation of any age.
  'step-up-admin-ports': ['\tinput.attestation_age_s <= data.admin_ports.max_age_s\n', ''],
  // Trusts that classes alone keep the others out.
  'third-party-devices': [
    '\tinput.credential_optional\n\tnot _reachable\n',
    '\tinput.credential_optional\n\tnot input.device_class\n',
  ],
};

const serial = needing(opa.lack, { serial: true });

function run(cwd: string, ...args: readonly string[]) {
  return portreeveHere(['policy', ...args], { cwd, env: { PORTREEVE_OPA: opa.path } });
}

/** Made certificates are the same in all projects of a recipe. */
function projectOf(t: ExecutionContext, recipe: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-cookbook-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeProject(join(folder, 'right'), starterFiles([recipe]));
  return folder;
}

test('every recipe has a careless version to be told from', (t) => {
  t.deepEqual(Object.keys(careless).sort(), recipeNames());
});

for (const recipe of recipeNames()) {
  serial(
    `the recipe ${recipe} is clean, passes and is cross-checked; a careless version of it is found out`,
    async (t) => {
      t.timeout(120_000);
      const folder = projectOf(t, recipe);
      const checked = await run(folder, 'check', 'right');
      t.is(checked.code, 0, checked.stdout);
      const tested = await run(folder, 'test', '--cross-check', '--coverage-min', '100', 'right');
      t.is(tested.code, 0, `${tested.stdout}${tested.stderr}`);
      t.regex(tested.stdout, /cross-checked with opa: \d+ compared, 0 differ/);

      cpSync(join(folder, 'right'), join(folder, 'careless'), { recursive: true });
      const rule = [...starterFiles([recipe]).keys()].find(
        (name) => /^rules\/(\w+)\/\1\.rego$/.test(name) && !starterFiles([]).has(name),
      );
      const path = join(folder, 'careless', rule ?? '');
      const [from, to] = careless[recipe] as readonly [string, string];
      const text = readFileSync(path, 'utf8');
      t.true(text.includes(from), `${recipe} has what the careless version lacks`);
      writeFileSync(path, text.replace(from, to));
      const told = await run(folder, 'test', '--run', 'the trap', 'careless');
      t.is(told.code, 1, told.stdout);
      t.regex(told.stdout, /FAILED the trap/);
    },
  );
}
