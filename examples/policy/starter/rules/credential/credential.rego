# METADATA
# title: Credential
# description: Some certificate was shown, and the one that was shown holds.
package rules.credential

import data.subject

# METADATA
# description: >-
#   no_credential where nobody showed a certificate and the configuration does not name that as allowed; what is
#   wrong with a certificate that was shown
# scope: document
deny contains {"code": "identity.no_credential"} if {
	not input.credential_presented
	not subject.credential_holds
}

deny contains {"code": code} if some code in input.credential_findings

deny contains {"code": "policy.denied", "detail": {"because": "the credential does not hold"}} if {
	input.credential_presented
	not subject.credential_holds
	count(input.credential_findings) == 0
}
