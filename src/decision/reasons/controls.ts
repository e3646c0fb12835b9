/**
 * Ids of the controls that reasons cite, each with the edition in which it carries this number: ids of older
 * editions (PR.AC-1 of CSF 1.1) and of other documents (PE-3 is SP 800-53's physical access control) are often
 * cited for these and are not used.
 */
export const control = {
  identities: 'NIST CSF 2.0 PR.AA-01',
  proofing: 'NIST CSF 2.0 PR.AA-02',
  authentication: 'NIST CSF 2.0 PR.AA-03',
  assertions: 'NIST CSF 2.0 PR.AA-04',
  permissions: 'NIST CSF 2.0 PR.AA-05',
  networks: 'NIST CSF 2.0 PR.IR-01',
  software: 'NIST CSF 2.0 PR.PS-02',
  logs: 'NIST CSF 2.0 PR.PS-04',
  hardwareInventory: 'NIST CSF 2.0 ID.AM-01',
  vulnerabilities: 'NIST CSF 2.0 ID.RA-01',
  perSession: 'NIST SP 800-207 section 2.1 tenet 3',
  dynamicPolicy: 'NIST SP 800-207 section 2.1 tenet 4',
  posture: 'NIST SP 800-207 section 2.1 tenet 5',
  beforeAccess: 'NIST SP 800-207 section 2.1 tenet 6',
  location: 'NIST SP 800-207 section 2.1 tenet 2',
  policyEngine: 'NIST SP 800-207 section 3 (policy engine)',
  enforcementPoint: 'NIST SP 800-207 section 3 (policy enforcement point)',
  offboarding: 'OWASP NHI1:2025 Improper Offboarding',
  insecureAuthentication: 'OWASP NHI4:2025 Insecure Authentication',
  overprivileged: 'OWASP NHI5:2025 Overprivileged NHI',
  longLived: 'OWASP NHI7:2025 Long-Lived Secrets',
  reuse: 'OWASP NHI9:2025 NHI Reuse',
  deviceIdentification: 'NISTIR 8259A Device Identification',
  softwareUpdate: 'NISTIR 8259A Software Update',
  certificateProfile: 'RFC 5280 section 4.2',
  pathValidation: 'RFC 5280 section 6.1',
  crlValidation: 'RFC 5280 section 6.3',
  attestation: 'RFC 9334',
} as const;
