# METADATA
# title: Lifetime
# description: The certificate's whole lifetime is within what its class allows.
package portreeve.lifetime

import data.portreeve.result
import data.portreeve.subject

# METADATA
# description: lifetime_exceeds_policy for a device's certificate that was issued for longer than its class allows
# scope: document
reasons contains result.reason("credential.lifetime_exceeds_policy", {
	"lifetime_s": input.lifetime_s,
	"max_lifetime_s": subject.class.max_lifetime_s,
}) if {
	subject.shows_own_credential
	_lifetime_matters
	subject.class.max_lifetime_s != null
	not _short_enough
}

# A certificate that could not be read has no lifetime; `credential` says so.
_lifetime_matters if input.lifetime_s != null

_lifetime_matters if input.credential_valid

# In the order of values of unlike kinds null comes before every number.
_short_enough if {
	is_number(input.lifetime_s)
	input.lifetime_s <= subject.class.max_lifetime_s
}
