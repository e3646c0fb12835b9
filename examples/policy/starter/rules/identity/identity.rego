# METADATA
# title: Identity
# description: >-
#   Whatever the connection claims about itself is what its certificate proves, and the certificate is of an anchor
#   that names devices of this class.
package rules.identity

import data.subject

# METADATA
# description: >-
#   claimed_id_mismatch and serial_mismatch for claims that are not proved; anchor_namespace_mismatch for a certificate
#   of an anchor that the class does not name
# scope: document
deny contains {
	"code": "identity.claimed_id_mismatch",
	"detail": {"claimed": input.claimed_device_id, "proved": input.device_id},
} if {
	input.claimed_id_matches == false
}

deny contains {"code": "identity.serial_mismatch", "detail": {"claimed": input.claimed_serial}} if {
	input.claimed_serial_matches == false
}

deny contains {
	"code": "identity.anchor_namespace_mismatch",
	"detail": {"anchor": input.anchor, "class": input.device_class},
} if {
	subject.shows_own_credential
	input.credential_valid
	subject.class
	not input.anchor in subject.class.anchors
}
