import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** Writes files into a folder of their own that is gone after the test; a text of null leaves its file out. */
export function projectFolder(
  t: Pick<ExecutionContext, 'teardown'>,
  files: Readonly<Record<string, string | null>>,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-project-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    if (text === null) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** A small project: one rule with a reason of its own, data, and cases of which some travel in the bundle. */
export const smallProject: Readonly<Record<string, string>> = {
  'policy.yaml': `version: 1
requires: '>=0.1.0'
reasons:
  custom.night:
    severity: deny
    text: The device connects at night.
    remediation: Connect it after six.
self_test: [cases/travelling.yaml]
`,
  'rego/policy.rego': `package portreeve

decision := {
	"allow": count(_reasons) == 0,
	"reasons": [reason | some reason in _reasons],
	"entitlements": [],
	"headers": {"x-key": input.key_digest},
	"session_limit_s": null,
	"ttl_s": data.ttl_s,
}

_reasons contains {"code": "custom.night"} if input.minute_of_day < 360
`,
  'rego/policy_test.rego': `package portreeve_test

test_day if count(data.portreeve._reasons) == 0 with input as {"minute_of_day": 700}
`,
  'data/site.yaml': 'ttl_s: 60\n',
  'cases/travelling.yaml': `at: 2026-11-20T12:00:00Z
cases:
  - title: by day
    certificate: { id: "spiffe://example.org/meter-1" }
    expect: { outcome: allow }
  - title: by night
    at: 2026-11-20T03:00:00Z
    certificate: { id: "spiffe://example.org/meter-1" }
    expect: { outcome: deny, reasons: [custom.night] }
`,
};
