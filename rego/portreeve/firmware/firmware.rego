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
#   ones; unknown_hash for one that neither the class nor the device's record allows. A class that requires
#   nothing and lists nothing does not judge firmware.
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
	not _allowed
}

_stated if input.firmware_hash != null

_optional if subject.class.firmware.required == false

_blocked if {
	_stated
	input.firmware_hash in subject.class.firmware.blocked
}

_allowed if input.firmware_hash in input.device_firmware

_allowed if input.firmware_hash in subject.class.firmware.allowed

_judged if not _optional

_judged if count(subject.class.firmware.allowed) > 0

_judged if count(input.device_firmware) > 0

_told := {"firmware_hash": input.firmware_hash, "source": input.firmware_source}
