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
	count(_allowed) > 0
	not _blocked
	not input.firmware_hash in _allowed
}

deny contains {"code": finding.code} if {
	some finding in input.firmware_findings
	not finding.code in _telling
	not _listed(finding.code)
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

# The class's own list tells it already.
_listed("firmware.blocked") if _blocked

_allowed contains hash if some hash in subject.class.firmware.allowed

_allowed contains hash if some hash in input.device_firmware
