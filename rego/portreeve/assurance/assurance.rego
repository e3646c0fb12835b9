# METADATA
# title: Assurance
# description: >-
#   How the device was authenticated is enough for its class; and where a gateway vouches for it, the gateway
#   is known, proved or trusted by name, and may speak for this device.
package portreeve.assurance

import data.portreeve.credential
import data.portreeve.result
import data.portreeve.subject

# METADATA
# description: >-
#   device_not_proven for a gateway's word where the class needs the device's own proof, level_below_required
#   for any other lack; gateway_unknown, gateway_untrusted and child_not_enrolled for a gateway that vouches
# scope: document
reasons contains result.reason("assurance.gateway_unknown", {"gateway": input.gateway}) if {
	_vouched
	not _gateway_known
}

reasons contains result.reason("assurance.gateway_untrusted", {
	"gateway": input.gateway,
	"because": "neither proved by its certificate nor may this enforcement point assert devices",
}) if {
	_vouched
	not _word_counts
}

reasons contains result.reason("assurance.gateway_untrusted", {
	"gateway": input.gateway,
	"because": "it is not active",
	"status": input.gateway_status,
}) if {
	_vouched
	_gateway_known
	not _gateway_active
}

reasons contains result.reason("assurance.device_not_proven", {
	"assurance": input.assurance,
	"required": subject.class.assurance,
}) if {
	_vouched
	not _word_is_enough
	subject.class
}

reasons contains result.reason("assurance.level_below_required", {
	"assurance": input.assurance,
	"required": subject.class.assurance,
}) if {
	subject.class
	not _high_enough
	not _explained
}

reasons contains result.reason("assurance.child_not_enrolled", {
	"gateway": input.gateway,
	"device_id": input.device_id,
}) if {
	_vouched
	subject.known
	input.gateway != null
	not _enrolled
}

_vouched if input.authenticated_by == "gateway_asserted"

_gateway_known if input.gateway_known == true

# A certificate that was shown is the gateway's: one that does not prove it is made good by nothing else.
_word_counts if input.gateway_proved == true

_word_counts if {
	input.pep_may_assert_devices
	not input.credential_presented
}

_gateway_active if input.gateway_status == "active"

_enrolled if input.gateway_enrolled == true

_word_is_enough if subject.class.assurance in {"none", "gateway_asserted"}

_high_enough if _rank[input.assurance] >= _rank[subject.class.assurance]

# A denied credential, or a word that does not count or is not enough, proves nothing: those reasons stand for the
# low level too.
_explained if result.denying(credential.reasons)

_explained if {
	_vouched
	not _word_counts
}

_explained if {
	_vouched
	not _word_is_enough
}

_rank := {
	"none": 0,
	"gateway_asserted": 1,
	"device_proved": 2,
	"attested": 3,
}
