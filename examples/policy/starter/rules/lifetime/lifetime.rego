# METADATA
# title: Lifetime
# description: The device's certificate lives no longer than its class lets it, and is renewed in time.
package rules.lifetime

import data.subject

# METADATA
# description: lifetime_exceeds_policy for a certificate that lives longer, or of which it cannot be told
# scope: document
deny contains {
	"code": "credential.lifetime_exceeds_policy",
	"detail": {"lifetime_s": input.lifetime_s, "max_lifetime_s": subject.class.max_lifetime_s},
} if {
	subject.shows_own_credential
	input.credential_valid
	subject.class.max_lifetime_s != null
	not _short_enough
}

# METADATA
# description: renewal_overdue for a certificate that should have been renewed by now
# scope: document
tell contains {
	"code": "credential.renewal_overdue",
	"detail": {"by": concat(", ", input.renewal_overdue), "remaining_s": input.renewal_overdue_remaining_s},
} if {
	subject.shows_own_credential
	input.credential_valid
	count(input.renewal_overdue) > 0
}

_short_enough if {
	input.lifetime_s != null
	input.lifetime_s <= subject.class.max_lifetime_s
}
