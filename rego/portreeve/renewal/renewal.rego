# METADATA
# title: Renewal
# description: The certificate has been renewed by when its device or its class expects it.
package portreeve.renewal

import data.portreeve.result
import data.portreeve.subject

# METADATA
# description: renewal_overdue, which warns, for a device's own valid certificate
# scope: document
reasons contains result.reason("credential.renewal_overdue", _detail) if {
	subject.shows_own_credential
	input.credential_valid
	count(input.renewal_overdue) > 0
}

_detail := {
	"because": concat(", ", [_names[by] | some by in input.renewal_overdue]),
	"remaining_s": input.renewal_overdue_remaining_s,
}

_names := {
	"class": "renew_by_share of the class",
	"device": "renewal_expected_by of the device",
}
