/** The page docs/audit/controls.md, made from the catalogue of reasons; `scripts/docs-reasons.ts` writes it. */
import { catalogue } from '../src/decision/reasons.ts';
import { control } from '../src/decision/reasons/controls.ts';
import { reasonCodes } from '../src/lib/reason-code.ts';

/** What each control asks for, in a few words of our own; the documents themselves are what counts. */
const asks: Readonly<Record<keyof typeof control, string>> = {
  identities: 'identities and credentials are managed: issued, revoked, renewed',
  proofing: 'an identity is proofed, and bound to its credential',
  authentication: 'users, services and hardware are authenticated',
  assertions: 'assertions of identity are protected, conveyed and verified',
  permissions: 'permissions are defined in a policy, enforced and reviewed; least privilege',
  networks: 'networks are protected from unauthorized access',
  software: 'software is maintained, replaced and removed according to risk',
  logs: 'log records are made, and are there for monitoring',
  hardwareInventory: 'there is an inventory of the hardware',
  vulnerabilities: 'vulnerabilities of assets are found and recorded',
  perSession: 'access is granted for one session at a time',
  dynamicPolicy: 'access follows a dynamic policy, by the state of identity and device that can be observed',
  posture: 'integrity and posture of assets are monitored and measured',
  beforeAccess: 'authentication and authorization are strictly enforced before access',
  location: 'communication is secured wherever it comes from',
  policyEngine: 'the part that decides, by policy and by what is known',
  enforcementPoint: 'the part that opens and ends connections',
  offboarding: 'identities that are no longer needed are taken out of use',
  insecureAuthentication: 'authentication is not weak or outdated',
  overprivileged: 'an identity has no more rights than it needs',
  longLived: 'secrets expire, and are replaced before that',
  reuse: 'one identity is not used by several',
  deviceIdentification: 'a device can be told from all others',
  softwareUpdate: "a device's software can be updated, by authorized entities alone",
  certificateProfile: 'extensions of certificates say what a key may be used for',
  pathValidation: 'the path from a certificate to a trust anchor is validated',
  crlValidation: 'revocation is determined by CRLs that are valid and in scope',
  attestation: 'a verifier appraises evidence of the device, and who relies on it checks the result',
};

const introduction = `# Which controls the reasons serve

<!-- Generated from src/decision/reasons by scripts/docs-reasons.ts; do not edit. -->

Each reason names the controls that its check serves ([../reasons.md](../reasons.md)); \`audit show\` tells them of every
decision. This page is the other way round: for each control the reasons that are its evidence. A denial shows that the check
works; an allow that it held, since every allow has passed all of them that its device's class asks for. Reasons of a
policy's own author (\`custom.…\`) name no controls.

What a control asks for is told here in a few words, for finding it; read the document. That a check serves a control does not
say that an organization meets it: that takes procedures, people and other systems as well.

Evidence is found and counted by reason, and handed over by \`audit export\` ([verify.md](verify.md)):

\`\`\`sh
portreeve audit query --reason revocation.revoked --since 24h
portreeve audit stats --by reason --outcome deny --since 24h --format csv > denied-by-reason.csv
\`\`\``;

const closing = `## What no single reason shows

| control | what shows it |
|---|---|
| ${control.perSession} | each connection (or request) is decided about anew, and has its record, with \`valid_until\` |
| NIST SP 800-207 section 2.1 tenet 7 | what was known at each decision, and how old it was, stands in its record ([records.md](records.md)) |
| ${control.logs} | records of decisions and acts, heartbeats, a log that shows what was changed ([log.md](log.md)), sinks for monitoring ([sinks.md](sinks.md)) |
| NIST CSF 2.0 DE.CM, DE.AE | not ours to do: \`audit stats\`, metrics and sinks are what monitoring and analysis begin with |
| ${control.identities} | acts: every import of CRLs and devices, every hold, with who and why |

In the words of NIST SP 800-207 section 3, Portreeve is policy engine and policy administrator, together the policy decision
point. Envoy, a gateway or a broker is the policy enforcement point. Of the inputs that it names: PKI are anchors, CRLs and OCSP;
ID management is the inventory; continuous diagnostics (CDM) are firmware and attestation; data access policy is the bundle; what
goes to a SIEM goes through sinks.

## Ids that are often cited, and wrong

| cited | what it is | cited here |
|---|---|---|
| PR.AC-1 | of CSF 1.1, withdrawn | ${control.identities}; ${control.authentication} |
| SP 800-207 "PE-3" | there is none. PE-3 is physical access control in SP 800-53; "PE" in SP 800-207 is the policy engine | ${control.beforeAccess}; ${control.policyEngine} |
| NHI-03 for rotation | NHI3:2025 is Vulnerable Third-Party NHI | ${control.longLived} |
| NHI-01 for unique identity | NHI1:2025 is Improper Offboarding, and is cited here for revocation and decommissioning | ${control.insecureAuthentication}; ${control.reuse} |
| NIST AI RMF | it has no controls for the authentication of devices | ${control.deviceIdentification}; NIST SP 800-213A |
`;

/** The whole page, ending in one line feed. */
export function controlsPage(): string {
  const names = Object.keys(control) as (keyof typeof control)[];
  const rows = names.flatMap((name) => {
    const codes = reasonCodes.filter((code) => catalogue[code].control.includes(control[name]));
    return codes.length === 0
      ? []
      : [`| ${control[name]} | ${asks[name]} | ${codes.map((code) => `\`${code}\``).join(', ')} |`];
  });
  const table = ['| control | asks that | reasons |', '|---|---|---|', ...rows].join('\n');
  return `${[introduction, '## Reasons by control', table, closing.trimEnd()].join('\n\n')}\n`;
}
