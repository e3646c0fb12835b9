# METADATA
# title: Gateway
# description: >-
#   A gateway that vouches for a device is known and active, its word counts, and it may speak for this device. A
#   gateway that a proved device merely passes through vouches for nothing.
package portreeve.gateway

import data.portreeve.result
import data.portreeve.subject

# METADATA
# description: >-
#   gateway_unknown, gateway_untrusted (not proved, or not active), child_not_enrolled and delegation_expired for a
#   gateway that vouches
# scope: document
reasons contains result.reason("assurance.gateway_unknown", {"gateway": {"input": "gateway"}}) if {
	vouches
	not _known
}

reasons contains result.reason("assurance.gateway_untrusted", {
	"gateway": {"input": "gateway"},
	"because": "neither proved by its certificate nor may this enforcement point assert devices",
}) if {
	vouches
	not word_counts
}

reasons contains result.reason("assurance.gateway_untrusted", {
	"gateway": {"input": "gateway"},
	"because": "it is not active",
	"status": input.gateway_status,
}) if {
	vouches
	_known
	not _active
}

reasons contains result.reason("assurance.child_not_enrolled", {
	"gateway": {"input": "gateway"},
	"device_id": {"input": "device_id"},
}) if {
	vouches
	subject.known
	input.gateway != null
	not _enrolled
	not _ended
}

reasons contains result.reason("assurance.delegation_expired", {
	"gateway": {"input": "gateway"},
	"device_id": {"input": "device_id"},
	"ended_s": input.gateway_delegation_until_s,
}) if {
	vouches
	subject.known
	input.gateway != null
	not _enrolled
	_ended
}

# METADATA
# description: the device is known by a gateway's word alone
# scope: document
vouches if input.authenticated_by == "gateway_asserted"

# METADATA
# description: >-
#   the gateway proved itself, or nobody showed a certificate and the enforcement point may assert devices. A
#   certificate that was shown is the gateway's: one that does not prove it is made good by nothing else.
# scope: document
word_counts if input.gateway_proved == true

word_counts if {
	input.pep_may_assert_devices
	not input.credential_presented
}

_known if input.gateway_known == true

_active if input.gateway_status == "active"

_enrolled if input.gateway_enrolled == true

# Of a gateway that may not speak for the device, this is when it last might.
_ended if is_number(input.gateway_delegation_until_s)
