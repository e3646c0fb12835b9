import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { catalogue } from '../../src/decision/reasons.ts';
import { control } from '../../src/decision/reasons/controls.ts';
import { reasonCodes } from '../../src/lib/reason-code.ts';
import { tableRows } from '../helpers/markdown.ts';
import { root } from '../helpers/source-files.ts';

const page = readFileSync(join(root, 'docs/audit/controls.md'), 'utf8');

/** Ids of the editions that are in force, as far as they can be about a decision; a name belongs to its number. */
const editions: readonly RegExp[] = [
  // CSF 2.0 has no PR.AC, which was 1.1.
  /^NIST CSF 2\.0 (PR\.AA-0[1-6]|PR\.DS-(01|02|10|11)|PR\.PS-0[1-6]|PR\.IR-0[1-4]|ID\.AM-0[1-5]|ID\.AM-0[78]|ID\.RA-(0[1-9]|10))$/,
  /^NIST SP 800-207 section 2\.1 tenet [1-7]$/,
  /^NIST SP 800-207 section 3 \(policy (engine|administrator|enforcement point)\)$/,
  /^OWASP NHI1:2025 Improper Offboarding$/,
  /^OWASP NHI4:2025 Insecure Authentication$/,
  /^OWASP NHI5:2025 Overprivileged NHI$/,
  /^OWASP NHI7:2025 Long-Lived Secrets$/,
  /^OWASP NHI9:2025 NHI Reuse$/,
  /^NISTIR 8259A (Device Identification|Software Update)$/,
  /^RFC 5280 section (4\.2|6\.1|6\.3)$/,
  /^RFC 9334$/,
];

test('every control that a reason cites has an id of an edition in force, with the name that belongs to it', (t) => {
  const cited = new Set(reasonCodes.flatMap((code) => catalogue[code].control));
  const known: ReadonlySet<string> = new Set(Object.values(control));
  for (const id of [...cited, ...known]) {
    t.true(
      editions.some((form) => form.test(id)),
      id,
    );
  }
  for (const id of cited) t.true(known.has(id), id);
});

test('every reason cites a control', (t) => {
  for (const code of reasonCodes) t.true(catalogue[code].control.length > 0, code);
});

test('docs/audit/controls.md has every reason under each control that it cites, and under no other', (t) => {
  const told = tableRows(page, 'control | asks that').flatMap(([id = '', , codes = '']) =>
    [...codes.matchAll(/`([a-z_.]+)`/g)].map((match) => `${match[1]}: ${id}`),
  );
  const cited = reasonCodes.flatMap((code) => catalogue[code].control.map((id) => `${code}: ${id}`));
  t.deepEqual(told.sort(), cited.sort());
});

test('docs/audit/README.md names every page beside it', (t) => {
  const index = readFileSync(join(root, 'docs/audit/README.md'), 'utf8');
  for (const name of readdirSync(join(root, 'docs/audit')).filter((one) => one !== 'README.md'))
    t.true(index.includes(`](${name})`), name);
});
