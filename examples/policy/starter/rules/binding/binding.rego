# METADATA
# title: Binding
# description: The certificate belongs to the device as strongly as its class wants.
package rules.binding

import data.subject

# METADATA
# description: >-
#   superseded_certificate for one whose time is over by the device's record, cert_not_bound for a binding that is
#   weaker than the class requires
# scope: document
deny contains {"code": "inventory.superseded_certificate"} if {
	subject.shows_own_credential
	input.binding == "ended"
}

deny contains {
	"code": "inventory.cert_not_bound",
	"detail": {"binding": input.binding, "required": subject.class.binding},
} if {
	subject.shows_own_credential
	input.credential_valid
	input.inventory_known
	input.binding != "ended"
	not _bound
}

_bound if _rank[input.binding] >= _rank[subject.class.binding]

_rank := {
	"none": 0,
	"issuer": 1,
	"key": 2,
	"certificate": 3,
}
