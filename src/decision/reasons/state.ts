import { attestationReasons } from './attestation.ts';
import { control } from './controls.ts';
import { about, ours, remark } from './entry.ts';
import type { ReasonGroup } from './entry.ts';

const revokedControls = [
  control.identities,
  control.offboarding,
  control.beforeAccess,
  control.crlValidation,
];
const freshnessControls = [control.identities, control.dynamicPolicy, control.crlValidation];
const inventoryControls = [control.hardwareInventory, control.offboarding];
const bindingControls = [control.proofing, control.reuse];
const firmwareControls = [control.vulnerabilities, control.software, control.softwareUpdate, control.posture];

/** Groups revocation, inventory, firmware and attestation: what is known of the device and its credential. */
export const stateReasons: ReasonGroup<'revocation' | 'inventory' | 'firmware' | 'attestation'> = {
  'revocation.revoked': about(
    'The certificate has been revoked.',
    'If the device is still yours, find out why it was revoked and give it a new key and certificate.',
    revokedControls,
  ),
  'revocation.issuer_revoked': about(
    "A CA in the certificate's path has been revoked.",
    'Reissue the devices of that CA under one that stands.',
    revokedControls,
  ),
  'revocation.on_hold': {
    ...about(
      'The certificate is on hold at its CA.',
      "Ask the CA's operators why; it comes back when they lift the hold and their next CRL is imported.",
      revokedControls,
    ),
    retryable: true,
  },
  'revocation.status_unknown': remark(
    'warn',
    'Whether the certificate has been revoked is not known, and its trust anchor does not require that it is.',
    'Import the CRL of its issuer, and set `revocation.required` for the anchor once CRLs arrive.',
    freshnessControls,
  ),
  'revocation.crl_missing': ours(
    'No CRL of an issuer in the path is there, and its trust anchor requires one.',
    'Import the CRL of that issuer, or add it to `revocation.crls`.',
    freshnessControls,
  ),
  'revocation.crl_stale': ours(
    'The newest CRL of an issuer in the path is too old to be believed.',
    'Find out why no newer CRL arrives, and import the current one.',
    freshnessControls,
  ),
  'revocation.shard_not_loaded': ours(
    'The CRLs of an issuer in the path come in parts, and none of those that are there covers the certificate.',
    'Import the CRL of the distribution point that the detail names, or of the reasons that are not covered; `portreeve crl status` shows which are missing.',
    freshnessControls,
  ),
  'revocation.ocsp_unavailable': ours(
    'No OCSP answer about a certificate of the path can be believed now, and its trust anchor requires its status.',
    'The server asks the responder in the background; if it does not come by itself, `portreeve ocsp status` shows why.',
    freshnessControls,
  ),
  'revocation.ocsp_unknown': about(
    "The OCSP responder of the certificate's issuer does not know the certificate.",
    'Find out whether that CA really issued it; a responder lags behind its CA where the certificate is new.',
    revokedControls,
  ),
  'revocation.stale_within_grace': remark(
    'warn',
    'What is known of a revocation in the path is past its time, within the grace of its anchor or of the class.',
    'Find out why no newer CRL or OCSP answer arrives before the grace ends.',
    freshnessControls,
  ),
  'revocation.removed_from_hold': remark(
    'info',
    'The certificate was on hold at its CA, and a delta CRL has lifted the hold.',
    'Nothing has to be done; the next complete CRL leaves the certificate out.',
    revokedControls,
  ),
  'inventory.unknown_device': about(
    'The inventory has no such device.',
    'Import the device if it is yours.',
    inventoryControls,
  ),
  'inventory.not_active': {
    ...about(
      'The device is in the inventory, and not set active.',
      'Set it active when it may connect: `portreeve device set-status`.',
      inventoryControls,
    ),
    retryable: true,
  },
  'inventory.decommissioned': about(
    'The device has been decommissioned.',
    'Find out who still uses its credential; revoke its certificates.',
    inventoryControls,
  ),
  'inventory.quarantined': {
    ...about(
      'The device is in quarantine.',
      'Finish the investigation for which it was quarantined, then set its status.',
      inventoryControls,
    ),
    retryable: true,
  },
  'inventory.lost_or_stolen': about(
    'The device is marked as lost or stolen.',
    'Note where it connects from, and revoke its certificates.',
    inventoryControls,
  ),
  'inventory.cert_not_bound': about(
    'The certificate is not bound to this device as strongly as its class asks for.',
    "Add the certificate or key to the device's record if the renewal was yours; otherwise it is another's.",
    bindingControls,
  ),
  'inventory.superseded_certificate': about(
    'The certificate (or key) was bound to this device until a time that is over: another has taken its place.',
    'Have the device use its new certificate; where the renewal went wrong, bind the old one again: `portreeve device bind`.',
    [...bindingControls, control.longLived],
    'renew_certificate',
  ),
  'inventory.class_unknown': about(
    "The device's class is not configured.",
    "Configure the class under `classes`, or correct the device's record.",
    [control.hardwareInventory],
  ),
  'inventory.cache_stale': ours(
    'What is known of devices is older than its source may be, and no grace lets this device go on.',
    'Find out why the source is not read: `portreeve doctor` and `/status` name it and its last error.',
    [...inventoryControls, control.dynamicPolicy],
  ),
  'inventory.stale_within_grace': remark(
    'warn',
    "What is known of devices is older than its source may be, within the grace of the device's class.",
    'Have the source read again before the grace ends; until then nothing new is let in.',
    [...inventoryControls, control.dynamicPolicy],
  ),
  'firmware.missing': about(
    "The device's class asks for a firmware hash and none was given.",
    'Have the device or its gateway state its firmware hash, and map where it is carried under `claims`.',
    firmwareControls,
    're_attest',
  ),
  'firmware.unknown_hash': about(
    'The firmware is not among those allowed for the device.',
    'Add the hash to the class or the device if it is a release of yours; otherwise examine the device.',
    firmwareControls,
  ),
  'firmware.blocked': about(
    "The firmware is blocked for the device's class.",
    "Update the device's firmware.",
    firmwareControls,
  ),
  'firmware.known_vulnerable': about(
    'The firmware is known to be vulnerable, and its time to be updated is over.',
    "Update the device's firmware; the advisory is in the detail.",
    firmwareControls,
  ),
  'firmware.below_minimum': about(
    "The firmware is older than the least version that the device's class asks for.",
    "Update the device's firmware.",
    firmwareControls,
  ),
  'firmware.rollback': about(
    'The device ran a higher version of this firmware before.',
    "Find out who put the old version back; where that was meant, say `rollback: accept` for the device's class.",
    firmwareControls,
  ),
  'firmware.grace_expiring': remark(
    'warn',
    'The firmware has to be updated, and may run until its grace ends.',
    "Update the device's firmware before then.",
    firmwareControls,
  ),
  'firmware.mismatch_attestation': about(
    'The firmware that the device states is not the one that its attestation result measured.',
    'Find out which of the two is wrong; a device that misstates its firmware is to be examined.',
    [...firmwareControls, control.attestation],
    're_attest',
  ),
  ...attestationReasons,
};
