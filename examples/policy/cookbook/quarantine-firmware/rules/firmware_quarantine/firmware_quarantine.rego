# METADATA
# title: Firmware in quarantine
# description: >-
#   Devices that run firmware in quarantine reach the update service and nothing else, so that they can leave it. A device
#   of a class that the firmware is made for says what it runs: keeping silent is no way out.
package rules.firmware_quarantine

# METADATA
# description: firmware_quarantined for what runs, firmware_unstated for who does not say it; both off the way to updates
# scope: document
deny contains {
	"code": "custom.firmware_quarantined",
	"detail": {"firmware_hash": input.firmware_hash, "because": _because},
} if {
	_because != null
	not _updating
}

deny contains {"code": "custom.firmware_unstated", "detail": {"class": input.device_class}} if {
	input.firmware_hash == null
	input.device_class in data.quarantine.classes
	not _updating
}

# METADATA
# description: a device on its way to an update is not to stay connected for long
# scope: document
session_limits contains 900 if _because != null

# Why it is in quarantine; null where it is not.
_because := object.get(data.quarantine.firmware, input.firmware_hash, null)

_updating if input.destination in data.quarantine.updates
