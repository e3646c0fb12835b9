# METADATA
# title: Firmware
# description: >-
#   The firmware that runs is one that may. A hash that the device merely claims counts as claimed: it can keep a
#   device out and never raises its assurance.
package portreeve.firmware

import data.portreeve.result
import data.portreeve.subject

# METADATA
# description: >-
#   missing where the class requires a hash and there is none; blocked for a hash on the class's list of blocked
#   ones; unknown_hash for one that neither the class nor the device's record nor, for the class's products, the
#   catalogue allows; whatever the catalogue and the versions seen before say, but for a rollback that the class
#   accepts. A class that requires nothing and lists nothing allows what the catalogue says nothing against.
# scope: document
reasons contains result.reason("firmware.missing", {"class": input.device_class}) if {
	not _stated
	not _optional
	subject.class
}

reasons contains result.reason("firmware.blocked", _told) if _blocked

reasons contains result.reason("firmware.unknown_hash", _told) if {
	_stated
	subject.class
	_judged
	not _blocked
	not _held_back
	not _allowed
}

reasons contains result.reason(finding.code, object.get(finding, "detail", {})) if {
	_stated
	subject.class
	some finding in input.firmware_findings
	not _accepted(finding.code)
	not _listed_as_blocked(finding.code)
}

_stated if input.firmware_hash != null

# By name alone: what a class leaves unsaid is not accepted.
_accepted("firmware.rollback") if subject.class.firmware.rollback == "accept"

# The class's own list tells it already.
_listed_as_blocked("firmware.blocked") if _blocked

_held_back if {
	some finding in input.firmware_findings
	finding.code == "firmware.blocked"
}

_optional if subject.class.firmware.required == false

_blocked if {
	_stated
	input.firmware_hash in subject.class.firmware.blocked
}

_allowed if input.firmware_hash in input.device_firmware

_allowed if input.firmware_hash in subject.class.firmware.allowed

# The class names its products by their least versions; what the catalogue has of other products is not for it.
_allowed if {
	input.firmware_status in {"approved", "known_vulnerable"}
	is_string(_minimum[input.firmware_product])
}

_minimum := object.get(subject.class.firmware, "minimum", {})

_judged if count(_minimum) > 0

_judged if not _optional

_judged if count(subject.class.firmware.allowed) > 0

_judged if count(input.device_firmware) > 0

_told := {"firmware_hash": input.firmware_hash, "source": input.firmware_source}
