# METADATA
# title: Assurance
# description: >-
#   It is as sure as the class wants that this is the device. A gateway that vouches for it is known and active, proved
#   itself, and may speak for this device; one that a proved device merely passes through vouches for nothing.
package rules.assurance

import data.subject

# METADATA
# description: >-
#   gateway_unknown, gateway_untrusted and child_not_enrolled for a gateway that vouches, level_below_required for too
#   little assurance
# scope: document
deny contains {"code": "assurance.gateway_unknown", "detail": {"gateway": input.gateway}} if {
	_vouches
	not _known
}

deny contains {"code": "assurance.gateway_untrusted", "detail": {"gateway": input.gateway}} if {
	_vouches
	_known
	not _trusted
}

deny contains {"code": "assurance.child_not_enrolled", "detail": {"gateway": input.gateway}} if {
	_vouches
	_known
	input.inventory_known
	not _enrolled
}

deny contains {
	"code": "assurance.level_below_required",
	"detail": {"assurance": input.assurance, "required": subject.class.assurance},
} if {
	subject.class
	subject.credential_holds
	not _high_enough
}

_vouches if input.authenticated_by == "gateway_asserted"

_known if input.gateway_known == true

_trusted if {
	_word_counts
	input.gateway_status == "active"
}

_word_counts if input.gateway_proved == true

# The configuration lets this enforcement point say which device connects where nobody shows a certificate.
_word_counts if {
	input.pep_may_assert_devices
	not input.credential_presented
}

_enrolled if input.gateway_enrolled == true

_high_enough if _rank[input.assurance] >= _rank[subject.class.assurance]

_rank := {
	"none": 0,
	"gateway_asserted": 1,
	"device_proved": 2,
	"attested": 3,
}
