# METADATA
# title: Attestation
# description: >-
#   A class that requires attestation gets a result that was verified. No status that this version of the input
#   knows (none, unverified) is one.
package portreeve.attestation

import data.portreeve.result
import data.portreeve.subject

# METADATA
# description: missing without a token, verifier_untrusted for a token that nobody verified
# scope: document
reasons contains result.reason("attestation.missing", {"class": input.device_class}) if {
	_required
	input.attestation_status == "none"
}

reasons contains result.reason("attestation.verifier_untrusted", {"status": input.attestation_status}) if {
	_required
	input.attestation_status != "none"
}

_required if subject.class.attestation != "optional"
