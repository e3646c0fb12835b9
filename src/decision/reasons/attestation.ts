import { control } from './controls.ts';
import { about, remark } from './entry.ts';
import type { ReasonEntry, ReasonGroup } from './entry.ts';

const controls = [control.assertions, control.attestation, control.posture];

/** A denial that ends with another attestation result. */
function untilReattested(text: string, remediation: string): ReasonEntry {
  return about(text, remediation, controls, 're_attest');
}

/**
 * Group attestation: what a verifier says of the device. Of a token that does not hold all but `contraindicated` deny only
 * where the class requires attestation: whoever presents none would be let in elsewhere, too.
 */
export const attestationReasons: ReasonGroup<'attestation'> = {
  'attestation.missing': untilReattested(
    "The device's class asks for an attestation result and none was presented.",
    'Have the device fetch an attestation result from its verifier before it connects.',
  ),
  'attestation.malformed': untilReattested(
    'What was presented is no attestation result that can be read.',
    'Compare the token with the profile that its verifier is said to use, and how it is carried to the PEP.',
  ),
  'attestation.profile_unknown': untilReattested(
    'The attestation result is of a profile that is not understood, or not configured for its verifier.',
    'Add the profile to the verifier under `attestation.verifiers`, if it is one that is understood.',
  ),
  'attestation.signature_invalid': untilReattested(
    "The attestation result's signature is not that of the key that it names.",
    'If verifier and network are sound, somebody made this token: examine the device.',
  ),
  'attestation.verifier_untrusted': untilReattested(
    'The attestation result is not from a verifier that is trusted here.',
    'If the verifier is yours, configure it under `attestation.verifiers`, and see `portreeve doctor` for its keys.',
  ),
  'attestation.expired': untilReattested(
    'The attestation result has expired.',
    'Have the device fetch a new one before the old one ends.',
  ),
  'attestation.too_old': untilReattested(
    'The attestation result was issued longer ago than is accepted.',
    'Have the device fetch a new one, or raise `max_age` of the verifier or class.',
  ),
  'attestation.nonce_mismatch': untilReattested(
    'The attestation result does not answer the challenge that was given.',
    'Have the device attest with the nonce that its enforcement point gives it.',
  ),
  'attestation.replayed': about(
    "The attestation result is another device's, or an older one than this device has shown.",
    'Find out how the device came to it: results are not to be passed on.',
    [...controls, control.reuse],
  ),
  'attestation.key_not_bound': untilReattested(
    "Nothing binds the attestation result to this device's key.",
    "Have the verifier state the device's key in its results, or link the attestation key or UEID in the device's record.",
  ),
  'attestation.device_mismatch': about(
    'The attestation result is about another device than the one that presents it.',
    "Correct the UEID in the device's record if it is wrong; otherwise examine the device.",
    [...controls, control.reuse],
  ),
  'attestation.submod_missing': untilReattested(
    "The attestation result says nothing of a part that the device's class asks about.",
    'Have the verifier appraise that part, or correct `attestation.submods` of the class.',
  ),
  'attestation.contraindicated': about(
    'The verifier found against the device.',
    'Take the device out of use until it is clear what the verifier found.',
    controls,
  ),
  'attestation.warning': untilReattested(
    "The verifier's opinion comes with a warning, and the device's class asks for better.",
    'Find out what the verifier warns of; set `attestation.tier` of the class to `warning` to let it pass.',
  ),
  'attestation.none_tier': untilReattested(
    "The verifier has no opinion of what the device's class asks about.",
    'See that the verifier has reference values and policies for this kind of device.',
  ),
  'attestation.status_inconsistent': untilReattested(
    'The attestation result calls the device more trustworthy than its own claims do.',
    "Report it to the verifier's operators: results like this are wrong whatever the device is.",
  ),
  'attestation.not_relied_upon': remark(
    'info',
    'An attestation result was presented that does not hold, and the class does not require one.',
    'See which check it failed before the class is set to require attestation.',
    controls,
  ),
};
