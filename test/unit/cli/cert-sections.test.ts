import test from 'ava';
import { sectionOf } from '../../../src/cli/cert/sections.ts';
import { reasonCodes } from '../../../src/lib/reason-code.ts';

/** What a configuration, a profile or a policy asks for, and no standard for certificates. */
const ownRules = new Set([
  'credential.lifetime_exceeds_policy',
  'credential.idevid_used_operationally',
  'credential.renewal_overdue',
  'revocation.stale_within_grace',
]);

test('every reason about a path or its revocation names the section that it rests on', (t) => {
  const asked = reasonCodes.filter(
    (code) => /^(chain|credential|revocation)\./.test(code) && !ownRules.has(code),
  );
  t.deepEqual(
    asked.filter((code) => sectionOf(code) === undefined),
    [],
  );
});
