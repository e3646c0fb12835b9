# METADATA
# title: Assurance
# description: It is as sure as the device's class wants that this is the device.
package portreeve.assurance

import data.portreeve.credential
import data.portreeve.gateway
import data.portreeve.result
import data.portreeve.subject

# METADATA
# description: >-
#   device_not_proven for a gateway's word where the class needs the device's own proof, level_below_required
#   for any other lack
# scope: document
reasons contains result.reason("assurance.device_not_proven", _told) if {
	gateway.vouches
	not _word_is_enough
	subject.class
}

reasons contains result.reason("assurance.level_below_required", _told) if {
	subject.class
	not _high_enough
	not _explained
}

_word_is_enough if subject.class.assurance in {"none", "gateway_asserted"}

_high_enough if _rank[input.assurance] >= _rank[subject.class.assurance]

# A denied credential, or a word that does not count or is not enough, proves nothing: those reasons stand for the
# low level too.
_explained if result.denying(credential.reasons)

_explained if {
	gateway.vouches
	not gateway.word_counts
}

_explained if {
	gateway.vouches
	not _word_is_enough
}

_told := {"assurance": input.assurance, "required": subject.class.assurance}

_rank := {
	"none": 0,
	"gateway_asserted": 1,
	"device_proved": 2,
	"attested": 3,
}
