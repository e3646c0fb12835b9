# METADATA
# title: Identity
# description: The certificate's identity is the one that is claimed, under an anchor that may give it.
package portreeve.identity

import data.portreeve.result
import data.portreeve.subject

# METADATA
# description: >-
#   claimed_id_mismatch and serial_mismatch for claims that differ from what is proved;
#   anchor_namespace_mismatch for an anchor that is not one of the class's; concurrent_use, or credential_shared,
#   which warns, for a key that is used in several places, as the class says
# scope: document
reasons contains result.reason("identity.claimed_id_mismatch", {
	"claimed": {"input": "claimed_device_id"},
	"proved": {"input": "device_id"},
}) if {
	input.claimed_id_matches == false
}

reasons contains result.reason("identity.serial_mismatch", {
	"claimed": {"input": "claimed_serial"},
	"certificate": {"input": "certificate_serial"},
}) if {
	input.claimed_serial_matches == false
}

reasons contains result.reason("identity.anchor_namespace_mismatch", {
	"anchor": input.anchor,
	"class": input.device_class,
}) if {
	subject.shows_own_credential
	_anchor_matters
	not input.anchor in subject.class.anchors
}

reasons contains result.reason("identity.concurrent_use", _shared) if {
	input.credential_shared != null
	subject.class.shared_use == "deny"
}

reasons contains result.reason("identity.credential_shared", _shared) if {
	input.credential_shared != null
	subject.class.shared_use == "warn"
}

_shared := {"among": input.credential_shared}

# An invalid certificate may have no anchor; `credential` says what is wrong with it.
_anchor_matters if input.anchor != null

_anchor_matters if input.credential_valid
