/**
 * Writes docs/reasons.md and docs/audit/controls.md from the catalogue of reasons. With `--check` it writes nothing, says
 * which page is not up to date and exits 1 where one is not.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { catalogue } from '../src/decision/reasons.ts';
import type { CoarseClass } from '../src/decision/reasons.ts';
import { reasonCodes } from '../src/lib/reason-code.ts';
import type { ReasonCode } from '../src/lib/reason-code.ts';
import { controlsPage } from './docs-controls.ts';

const groupTitles: Readonly<Record<string, string>> = {
  identity: 'identity: who the certificate says it is',
  chain: 'chain: the path from the certificate to a trust anchor',
  credential: 'credential: the certificate itself',
  revocation: 'revocation: whether it still counts',
  inventory: 'inventory: what is known of the device',
  firmware: 'firmware: what it says that it runs',
  attestation: 'attestation: what a verifier says of it',
  assurance: 'assurance: by whose word',
  network: 'network: from where',
  policy: "policy: the policy's own word",
  system: 'system: the decision itself',
};

const told: Readonly<Record<CoarseClass, string>> = {
  retry_later: 'come back later',
  renew_certificate: 'get a new certificate',
  re_attest: 'attest anew',
  not_authorized: 'nothing more than that it may not connect',
};

const introduction = `# Reasons

<!-- Generated from src/decision/reasons by scripts/docs-reasons.ts; do not edit. -->

Every decision has reasons: \`group.code\`, the same in the policy, answers, records and metrics. The list is closed; a
code is never renamed or removed. Reasons are told denials first, then warnings, then information, and within each in
the order of this page; the first is the primary one. An allow carries \`policy.ok\`. A policy's author may declare
reasons of his own, \`custom.…\`, which are told between those of network and of policy: see
[policy/reasons.md](policy/reasons.md).

A denial is *ours* when its cause is on our side: a fault, the deadline, overload, missing or stale state. When all
denying reasons are ours the wire says so (503 and \`Retry-After\` instead of 403), so that devices do not give up for
ever. The device itself is told no more than the coarse class: ${Object.entries(told)
  .map(([name, words]) => `\`${name}\` (${words})`)
  .join(', ')}.
`;

function section(group: string, codes: readonly ReasonCode[]): string {
  return [`## ${groupTitles[group] ?? group}`, ...codes.map(entry)].join('\n\n');
}

function entry(code: ReasonCode): string {
  const reason = catalogue[code];
  const facts = [
    `severity ${reason.severity}`,
    ...(reason.severity === 'deny' ? [`the device is told \`${reason.class}\``] : []),
    ...(reason.ours ? ['**ours**'] : []),
    ...(reason.retryable && !reason.ours ? ['may pass later'] : []),
  ];
  return [
    `### \`${code}\``,
    `${reason.text} (${facts.join('; ')})`,
    `*What to do:* ${reason.remediation}`,
    `*Controls:* ${reason.control.join('; ')}.`,
  ].join('\n\n');
}

/** The whole page, ending in one line feed. */
function reasonsPage(): string {
  const groups = [...new Set(reasonCodes.map((code) => code.split('.')[0] as string))];
  const sections = groups.map((group) =>
    section(
      group,
      reasonCodes.filter((code) => code.startsWith(`${group}.`)),
    ),
  );
  return `${[introduction.trimEnd(), ...sections].join('\n\n')}\n`;
}

const pages: readonly (readonly [name: string, text: string])[] = [
  ['docs/reasons.md', reasonsPage()],
  ['docs/audit/controls.md', controlsPage()],
];

for (const [name, text] of pages) {
  const page = new URL(`../${name}`, import.meta.url);
  if (!process.argv.includes('--check')) {
    writeFileSync(page, text);
  } else if (readPage(page) !== text) {
    console.error(`${name} is not what the catalogue says: run node scripts/docs-reasons.ts`);
    process.exitCode = 1;
  }
}

function readPage(page: URL): string | undefined {
  try {
    return readFileSync(page, 'utf8');
  } catch {
    return undefined;
  }
}
