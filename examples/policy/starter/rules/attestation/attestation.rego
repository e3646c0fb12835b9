# METADATA
# title: Attestation
# description: >-
#   A class that requires attestation gets a result that was verified and holds. Elsewhere a result that does not hold is
#   told and keeps nobody out, because whoever shows none at all is let in.
package rules.attestation

import data.subject

# METADATA
# description: missing without a result, and whatever was found against one
# scope: document
deny contains {"code": "attestation.missing"} if {
	_required
	input.attestation_status == "none"
}

deny contains {"code": finding.code} if {
	_required
	some finding in input.attestation_findings
}

deny contains {"code": "attestation.verifier_untrusted"} if {
	_required
	not input.attestation_status in {"none", "verified"}
	count(input.attestation_findings) == 0
}

# METADATA
# description: not_relied_upon for a result that does not hold where none is required
# scope: document
tell contains {"code": "attestation.not_relied_upon"} if {
	subject.class
	not _required
	count(input.attestation_findings) > 0
}

_required if subject.class.attestation.required
