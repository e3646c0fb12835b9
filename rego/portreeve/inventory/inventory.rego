# METADATA
# title: Inventory
# description: The inventory knows the device, it is active, and its class has rules.
package portreeve.inventory

import data.portreeve.credential
import data.portreeve.result
import data.portreeve.subject

# METADATA
# description: >-
#   unknown_device, class_unknown, one reason for every status but active (not_active, quarantined,
#   lost_or_stolen, decommissioned), and cache_stale or stale_within_grace, which warns, for old state
# scope: document
reasons contains result.reason("inventory.unknown_device", {"device_id": {"input": "device_id"}}) if {
	not subject.known
	not _nobody
}

reasons contains result.reason("inventory.class_unknown", {"class": input.device_class}) if {
	subject.known
	not subject.class
}

reasons contains result.reason(_status_code, {"status": input.device_status}) if {
	subject.known
	not _active
}

reasons contains result.reason("inventory.cache_stale", {}) if {
	input.inventory_freshness != null
	not input.inventory_freshness in {"fresh", "within_grace"}
}

reasons contains result.reason("inventory.stale_within_grace", {}) if {
	input.inventory_freshness == "within_grace"
}

# Where the credential is denied and names no device, that says it all.
_nobody if {
	input.device_id == null
	result.denying(credential.reasons)
}

_active if input.device_status == "active"

_status_code := object.get(
	{
		"decommissioned": "inventory.decommissioned",
		"lost": "inventory.lost_or_stolen",
		"quarantined": "inventory.quarantined",
	},
	input.device_status,
	"inventory.not_active",
)
