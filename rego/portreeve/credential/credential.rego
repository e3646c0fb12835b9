# METADATA
# title: Credential
# description: Some certificate was shown, and the one that was shown holds.
package portreeve.credential

import data.portreeve.result

# METADATA
# description: >-
#   no_credential where nobody showed a certificate and the configuration does not name that as allowed; what is
#   wrong with a certificate that was shown
# scope: document
reasons contains result.reason("identity.no_credential", {"authenticated_by": input.authenticated_by}) if {
	not _shown
	not _optional
}

reasons contains result.reason(code, {}) if {
	some code in input.credential_findings
}

reasons contains result.reason("policy.denied", {"because": "the credential is not valid"}) if {
	_shown
	not _valid
	count(input.credential_findings) == 0
}

_shown if {
	input.credential_presented
	input.authenticated_by in {"device_tls", "gateway_asserted"}
}

_valid if input.credential_valid

_optional if input.credential_optional
