# METADATA
# title: Binding
# description: The certificate belongs to the device as strongly as its class wants.
package portreeve.binding

import data.portreeve.result
import data.portreeve.subject

# METADATA
# description: >-
#   superseded_certificate for one that the device's record names and whose time is over; cert_not_bound for a device's own certificate whose binding is weaker than its class requires
# scope: document
reasons contains result.reason("inventory.superseded_certificate", {"binding": input.binding}) if {
	subject.shows_own_credential
	input.binding == "ended"
}

reasons contains result.reason("inventory.cert_not_bound", {
	"binding": input.binding,
	"required": subject.class.binding,
}) if {
	subject.shows_own_credential
	subject.known
	_judged
	input.binding != "ended"
	not _bound
}

# A certificate that is not valid is nobody's; `credential` says why.
_judged if input.credential_valid

_bound if _rank[input.binding] >= _rank[subject.class.binding]

_rank := {
	"none": 0,
	"issuer": 1,
	"key": 2,
	"certificate": 3,
}
