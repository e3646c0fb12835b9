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
	count(_because) > 0
}

_detail := {
	"because": concat(", ", _because),
	"remaining_s": input.remaining_s,
}

# One that is valid from after the expected time is the renewed one.
_because contains "renewal_expected_by of the device" if {
	is_number(input.renewal_expected_by_s)
	input.now_s >= input.renewal_expected_by_s
	input.now_s - input.certificate_age_s < input.renewal_expected_by_s
}

_because contains "renew_by_share of the class" if {
	is_number(subject.class.renew_by_share)
	input.lifetime_s > 0
	input.certificate_age_s >= subject.class.renew_by_share * input.lifetime_s
}
