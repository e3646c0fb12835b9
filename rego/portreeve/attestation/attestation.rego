# METADATA
# title: Attestation
# description: >-
#   A class that requires attestation gets a result that was verified and holds. What was found against a token denies
#   there; elsewhere it is told, because whoever shows no token at all would be let in.
package portreeve.attestation

import data.portreeve.result
import data.portreeve.subject

# METADATA
# description: >-
#   missing without a token, whatever was found against one, verifier_untrusted for one of which nothing is known;
#   not_relied_upon for a token that does not hold where none is required
# scope: document
reasons contains result.reason("attestation.missing", {"class": input.device_class}) if {
	_required
	input.attestation_status == "none"
}

reasons contains result.reason(finding.code, object.get(finding, "detail", {})) if {
	_required
	some finding in input.attestation_findings
}

reasons contains result.reason("attestation.verifier_untrusted", {"status": input.attestation_status}) if {
	_required
	not input.attestation_status in {"none", "verified"}
	count(input.attestation_findings) == 0
}

reasons contains result.reason("attestation.not_relied_upon", {"because": input.attestation_findings[0].code}) if {
	subject.class
	not _required
}

_required if {
	subject.class
	not _optional
}

_optional if subject.class.attestation.required == false
