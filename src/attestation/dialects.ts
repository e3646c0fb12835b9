/** Names of the claims of one dialect of EAR. */
export interface Dialect {
  readonly name: 'ear' | 'veraison';
  readonly verifierId: string;
  readonly status: string;
  readonly vector: string;
  readonly policy: string;
  readonly keyAttestation: string;
}

/** draft-ietf-rats-ear since its third version. */
const ear: Dialect = {
  name: 'ear',
  verifierId: 'ear_verifier_id',
  status: 'ear_status',
  vector: 'ear_trustworthiness_vector',
  policy: 'ear_appraisal_policy_ids',
  keyAttestation: 'ear_veraison_key_attestation',
};

/** Its earlier versions, which Veraison and Trustee emit. */
const veraison: Dialect = {
  name: 'veraison',
  verifierId: 'ear.verifier-id',
  status: 'ear.status',
  vector: 'ear.trustworthiness-vector',
  policy: 'ear.appraisal-policy-id',
  keyAttestation: 'ear.veraison.key-attestation',
};

/** Every `eat_profile` that is understood. An unknown one may mean other things by the same words. */
export const profiles: ReadonlyMap<string, Dialect> = new Map([
  ['tag:ietf.org,2026:rats/ear#03', ear],
  ['tag:ietf.org,2026:rats/ear#04', ear],
  ['tag:github.com,2023:veraison/ear', veraison],
  ['tag:github.com,2024:confidential-containers/Trustee', veraison],
]);
