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
#   of an anchor that the class does not name; concurrent_use for one in use in several places, where the class says so
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

deny contains {"code": "identity.concurrent_use", "detail": {"among": input.credential_shared}} if {
	input.credential_shared != null
	subject.class.shared_use == "deny"
}

# METADATA
# description: credential_shared for a certificate or key in use in several places, where the class only wants to know
# scope: document
tell contains {"code": "identity.credential_shared", "detail": {"among": input.credential_shared}} if {
	input.credential_shared != null
	subject.class.shared_use == "warn"
}
