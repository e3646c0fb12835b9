# METADATA
# title: Firmware
# description: >-
#   The firmware that runs is one that may. A hash that the device merely claims can keep it out and never raises its
#   assurance.
package rules.firmware

import data.subject

# METADATA
# description: >-
#   missing where the class requires a hash, blocked and unknown_hash by the lists of the class and the device, and
#   whatever the catalogue says against it
# scope: document
deny contains {"code": "firmware.missing"} if {
	subject.class.firmware.required
	not _stated
}

deny contains {"code": "firmware.blocked", "detail": {"firmware_hash": input.firmware_hash}} if _blocked

deny contains {"code": "firmware.unknown_hash", "detail": {"firmware_hash": input.firmware_hash}} if {
	_stated
	_judged
	not _blocked
	not _withdrawn
	not _allowed
}

deny contains {"code": finding.code} if {
	some finding in input.firmware_findings
	not finding.code in _telling
	not _told_or_accepted(finding.code)
}

# METADATA
# description: what the catalogue says that keeps nobody out yet
# scope: document
tell contains {"code": finding.code} if {
	some finding in input.firmware_findings
	finding.code in _telling
}

_telling := {"firmware.grace_expiring"}

_stated if input.firmware_hash != null

_blocked if input.firmware_hash in subject.class.firmware.blocked

# The catalogue says so itself.
_withdrawn if {
	some finding in input.firmware_findings
	finding.code == "firmware.blocked"
}

_told_or_accepted("firmware.blocked") if _blocked

_told_or_accepted("firmware.rollback") if subject.class.firmware.rollback == "accept"

# A class that requires a hash or lists any takes no other; one that does neither takes what nothing is said against.
_judged if subject.class.firmware.required

_judged if count(subject.class.firmware.allowed) > 0

_judged if count(_minimum) > 0

_judged if {
	subject.class
	count(input.device_firmware) > 0
}

_allowed if input.firmware_hash in subject.class.firmware.allowed

_allowed if input.firmware_hash in input.device_firmware

# By the catalogue: a version of one of the class's products. That it is too low is one of the findings.
_allowed if {
	input.firmware_status in {"approved", "known_vulnerable"}
	object.get(_minimum, input.firmware_product, null) != null
}

_minimum := object.get(subject.class.firmware, "minimum", {})
