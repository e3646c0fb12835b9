import { control } from './controls.ts';
import { about, remark } from './entry.ts';
import type { ReasonGroup } from './entry.ts';

const identityControls = [
  control.identities,
  control.authentication,
  control.insecureAuthentication,
  control.deviceIdentification,
];
const sameDeviceControls = [control.authentication, control.reuse, control.deviceIdentification];
const chainControls = [control.authentication, control.pathValidation];
const validityControls = [control.identities, control.longLived];
const strengthControls = [control.identities, control.insecureAuthentication, control.certificateProfile];

/** Groups identity, chain and credential: what the presented certificate and its path show. */
export const certificateReasons: ReasonGroup<'identity' | 'chain' | 'credential'> = {
  'identity.no_credential': about(
    'No certificate was presented.',
    'Give the device a certificate, or name `trust.credential_optional` where devices without one are meant to connect.',
    identityControls,
  ),
  'identity.unparsable_certificate': about(
    'The presented certificate cannot be read as a certificate.',
    'Look at what the device or its enforcement point sends: strict DER or URL-encoded PEM of an X.509 v3 certificate.',
    identityControls,
  ),
  'identity.id_missing': about(
    "The certificate names no device in the place where its trust anchor's profile looks.",
    'Issue the certificate with the identity that the profile asks for, or correct the profile of the anchor.',
    identityControls,
    'renew_certificate',
  ),
  'identity.id_malformed': about(
    'The device identity in the certificate is not in the form that its profile asks for.',
    "Issue the certificate with an identity in the profile's form.",
    identityControls,
    'renew_certificate',
  ),
  'identity.multiple_ids': about(
    'The certificate names more than one device.',
    "Issue a certificate that carries exactly one identity of the profile's kind.",
    identityControls,
    'renew_certificate',
  ),
  'identity.anchor_namespace_mismatch': about(
    'The identity belongs to another namespace than its trust anchor may speak for.',
    "Issue it under the anchor of its own namespace; if this CA should speak for it, correct the anchor's profile.",
    identityControls,
  ),
  'identity.vendor_product_mismatch': about(
    'The vendor or product of the device is not the one that its CAs may speak for.',
    'Compare the vendor and product ids of the certificate and of the CAs above it; issue under the right one.',
    identityControls,
  ),
  'identity.claimed_id_mismatch': about(
    'The device id that was claimed is not the one that the certificate proves.',
    "Correct the device's configuration; if it is right, treat the certificate as used by another device.",
    sameDeviceControls,
  ),
  'identity.serial_mismatch': about(
    "The serial number that was claimed is not that of the certificate or of the device's record.",
    'Compare the claimed serial with the certificate and the inventory; a copied credential shows up like this.',
    sameDeviceControls,
  ),
  'identity.key_shared': about(
    'The key of the certificate is bound to more than one device.',
    'Give each device a key of its own; until then, find out which of them holds a copy.',
    sameDeviceControls,
  ),
  'identity.concurrent_use': about(
    'The certificate or its key is in use in several places or by several devices, which its class does not allow.',
    'Find out which of the uses in the record (`facts.shared_use`) is the device; renew its certificate with a new key and hold the old one. A class that may move has `shared_use: warn`.',
    sameDeviceControls,
  ),
  'identity.credential_shared': remark(
    'warn',
    'The certificate or its key was lately used in several places or by several devices.',
    'Find out which of the uses in the record (`facts.shared_use`) is the device. A fleet that moves between networks may raise `shared_use.moves`; a class that must not be shared has `shared_use: deny`.',
    sameDeviceControls,
  ),
  'chain.incomplete': about(
    'No certificate of an issuing CA was found that leads from this certificate to a trust anchor.',
    'Configure the missing issuing CA under `trust.intermediates`, or have the device send its chain.',
    chainControls,
  ),
  'chain.untrusted_anchor': about(
    'The certificate leads to a CA that is not a trust anchor here.',
    'If the CA should be trusted, configure it under `trust.anchors`; otherwise this is a foreign device.',
    chainControls,
  ),
  'chain.signature_invalid': about(
    "A signature in the certificate's path does not verify.",
    'Treat the certificate as forged or damaged; a CA with the same name and another key looks like this too.',
    chainControls,
  ),
  'chain.issuer_expired': about(
    'A CA certificate in the path is not valid at this time.',
    'Renew the CA certificate and configure the new one; its devices may need new certificates.',
    chainControls,
    'renew_certificate',
  ),
  'chain.pathlen_exceeded': about(
    'The path has more CAs below one of its CAs than that one permits.',
    "Issue from a CA that its parent's pathLenConstraint permits.",
    chainControls,
  ),
  'chain.not_a_ca': about(
    'A certificate in the path signed another one without being a CA.',
    'Treat the issued certificate as forged unless the CA itself was issued wrongly.',
    chainControls,
  ),
  'chain.key_cert_sign_missing': about(
    'A CA in the path has a key usage that does not let it sign certificates.',
    'Reissue the CA certificate with keyCertSign.',
    chainControls,
  ),
  'chain.name_constraint_violation': about(
    'A name in a certificate of the path lies outside of what a CA above it may vouch for.',
    "Issue the certificate with names within the CA's constraints, or under a CA that may name it.",
    chainControls,
  ),
  'chain.policy_unsatisfied': about(
    'No certificate policy that is required here is valid along the path.',
    'Issue under the policies that the CAs and their policy constraints demand.',
    chainControls,
  ),
  'chain.unknown_critical_extension': about(
    'A certificate in the path has a critical extension that is not supported.',
    'Issue it without that extension, or with the extension marked as not critical.',
    chainControls,
  ),
  'chain.duplicate_extension': about(
    'A certificate in the path carries the same extension twice.',
    'Reissue the certificate: RFC 5280 section 4.2 forbids this.',
    chainControls,
  ),
  'chain.too_long': about(
    'The path from the certificate to a trust anchor is longer than is accepted.',
    'Shorten the hierarchy of CAs.',
    chainControls,
  ),
  'chain.budget_exceeded': about(
    'Looking for a path from this certificate took more steps than are granted.',
    'Look at the chain that was sent: many CAs with the same names and keys are either a mistake or an attack.',
    chainControls,
  ),
  'credential.not_yet_valid': about(
    'The certificate is not valid yet.',
    'Check the clocks of the CA and of this machine; otherwise wait until its notBefore.',
    validityControls,
    'retry_later',
  ),
  'credential.expired': about(
    'The certificate has expired.',
    "Renew the device's certificate, and find out why its automatic renewal did not.",
    validityControls,
    'renew_certificate',
  ),
  'credential.lifetime_exceeds_policy': about(
    'The certificate is valid for longer than its device class permits.',
    "Issue shorter certificates for this class, or change the class's `max_lifetime`.",
    validityControls,
    'renew_certificate',
  ),
  'credential.weak_key': about(
    'A key in the path is too weak or of a kind that is not accepted.',
    'Issue with RSA of at least 2048 bits or with an accepted curve.',
    strengthControls,
    'renew_certificate',
  ),
  'credential.weak_signature': about(
    'A signature in the path uses an algorithm that is too weak.',
    'Reissue with SHA-256 or better.',
    strengthControls,
    'renew_certificate',
  ),
  'credential.eku_missing_client_auth': about(
    'The certificate may not be used by a client: its extended key usage lacks clientAuth.',
    "Issue the device's certificate with clientAuth; a server's certificate does not identify a device.",
    strengthControls,
    'renew_certificate',
  ),
  'credential.key_usage_invalid': about(
    "The certificate's key usage does not let it sign, so it cannot authenticate a connection.",
    'Issue it with digitalSignature.',
    strengthControls,
    'renew_certificate',
  ),
  'credential.ca_as_leaf': about(
    "The presented certificate is a CA's certificate, which never identifies a device.",
    "Give the device an end-entity certificate; find out how it came to hold a CA's key.",
    strengthControls,
    'renew_certificate',
  ),
  'credential.idevid_used_operationally': about(
    "The certificate is the manufacturer's initial identity of the device, which serves to enrol it and nothing else.",
    'Enrol the device for a locally significant identity (LDevID), and let it connect with that.',
    strengthControls,
    'renew_certificate',
  ),
  'credential.lint_strict': about(
    'A certificate of the path is not made as the standards ask of CAs, and the anchor is strict.',
    "Reissue the certificate that the detail names, or drop `strict` from the anchor where its CA can't be mended.",
    [control.identities, control.certificateProfile],
    'renew_certificate',
  ),
  'credential.renewal_overdue': remark(
    'warn',
    'The certificate was to have been renewed by now.',
    "Find out why the device's automatic renewal did not happen, before the certificate ends.",
    [control.identities, control.longLived],
  ),
};
