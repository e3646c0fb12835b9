/** What a certificate should have had otherwise, where it says so, and why it does not deny of itself. */
export interface LintRule {
  /** The demand on CAs that is broken. */
  readonly text: string;
  readonly source: string;
  /** Why accepting it opens nothing. */
  readonly harmless: string;
}

/**
 * The line between the two strictnesses. A row is a duty of CAs whose neglect lets nobody in who would be kept out
 * otherwise: it is told with every decision, and denies where the anchor says `strict`. Whatever is not here and
 * breaks RFC 5280 section 6.1 or the form of a certificate always denies.
 */
export const lintTable = {
  aki_missing: {
    text: 'no authority key identifier with a key identifier',
    source: 'RFC 5280 section 4.2.1.1',
    harmless: 'the identifier helps to find the issuer; only the signature proves it',
  },
  aki_critical: {
    text: 'authority key identifier marked critical',
    source: 'RFC 5280 section 4.2.1.1',
    harmless: 'it is processed, critical or not',
  },
  aki_mismatch: {
    text: "authority key identifier is not the issuer's subject key identifier",
    source: 'RFC 5280 section 4.2.1.1',
    harmless: "the issuer's name matches and its key made the signature",
  },
  ski_missing: {
    text: 'CA without subject key identifier',
    source: 'RFC 5280 section 4.2.1.2',
    harmless: 'the identifier helps to find the issuer; only the signature proves it',
  },
  ski_critical: {
    text: 'subject key identifier marked critical',
    source: 'RFC 5280 section 4.2.1.2',
    harmless: 'it is processed, critical or not',
  },
  serial_zero: {
    text: 'serial number 0',
    source: 'RFC 5280 section 4.1.2.2',
    harmless: 'it is compared like every other, as an unsigned integer',
  },
  serial_too_long: {
    text: 'serial number of more than 20 octets',
    source: 'RFC 5280 section 4.1.2.2',
    harmless: 'it is compared whole, and the size of certificates is limited',
  },
  time_form: {
    text: 'date before 2050 as GeneralizedTime',
    source: 'RFC 5280 section 4.1.2.5',
    harmless: 'the instant is the same',
  },
  unique_identifier: {
    text: 'issuer or subject unique identifier',
    source: 'RFC 5280 section 4.1.2.8',
    harmless: 'it is read and used for nothing',
  },
  version_not_3: {
    text: 'certificate of version 1 or 2',
    source: 'RFC 5280 section 4.1.2.1',
    harmless: 'a leaf without extensions claims nothing; as a CA it is always refused',
  },
  basic_constraints_not_critical: {
    text: 'CA whose basicConstraints are not critical',
    source: 'RFC 5280 section 4.2.1.9',
    harmless: 'they are processed, critical or not',
  },
  key_usage_missing: {
    text: 'CA without keyUsage',
    source: 'RFC 5280 section 4.2.1.3',
    harmless: 'basicConstraints, which are never waived, say that it is a CA',
  },
  key_usage_empty: {
    text: 'keyUsage without any usage',
    source: 'RFC 5280 section 4.2.1.3',
    harmless: 'it permits nothing, and is taken at its word',
  },
  key_usage_of_other_keys: {
    text: 'usage for encryption or key agreement of a key that can only sign',
    source: 'RFC 9295 section 3, RFC 9881 section 5',
    harmless: 'the key cannot do what the usage says',
  },
  cert_sign_without_ca: {
    text: 'keyCertSign in a certificate that is no CA',
    source: 'RFC 5280 section 4.2.1.3',
    harmless: 'nothing that it signs is accepted, since cA is required of every issuer',
  },
  name_constraints_not_critical: {
    text: 'name constraints that are not critical',
    source: 'RFC 5280 section 4.2.1.10',
    harmless: 'they are enforced, critical or not',
  },
  name_constraints_outside_ca: {
    text: 'name constraints in a certificate that is no CA',
    source: 'RFC 5280 section 4.2.1.10',
    harmless: 'nothing is below it that they could constrain',
  },
  name_constraint_leading_period: {
    text: 'DNS name constraint with a leading period',
    source: 'RFC 5280 section 4.2.1.10',
    harmless:
      'it is read without its apex under permitted and with it under excluded, the narrower reading both times',
  },
  policy_constraints_not_critical: {
    text: 'policy constraints that are not critical',
    source: 'RFC 5280 section 4.2.1.11',
    harmless: 'they are enforced, critical or not',
  },
  inhibit_any_policy_not_critical: {
    text: 'inhibitAnyPolicy that is not critical',
    source: 'RFC 5280 section 4.2.1.14',
    harmless: 'it is enforced, critical or not',
  },
  subject_missing: {
    text: 'neither subject nor alternative name',
    source: 'RFC 5280 section 4.1.2.6',
    harmless: 'what has no name has no identity under any profile either',
  },
  san_not_critical: {
    text: 'empty subject, and alternative names that are not critical',
    source: 'RFC 5280 section 4.2.1.6',
    harmless: 'the alternative names are processed, critical or not',
  },
  san_form: {
    text: 'alternative name that is not in the form of its kind',
    source: 'RFC 5280 section 4.2.1.6',
    harmless:
      'identities are held to the form of their profile, and constraints refuse what they cannot compare',
  },
  intermediate_unreadable: {
    text: 'a certificate that came along cannot be read',
    source: 'RFC 5280 section 4.1',
    harmless: 'no path goes through it',
  },
} as const satisfies Readonly<Record<string, LintRule>>;

export type LintCode = keyof typeof lintTable;
