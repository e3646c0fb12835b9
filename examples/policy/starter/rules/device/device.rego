# METADATA
# title: Device
# description: The inventory knows the device, it is active, its class has rules, and what is known is not too old.
package rules.device

import data.subject

# METADATA
# description: >-
#   unknown_device, class_unknown, one reason for every status but active, and cache_stale for old state
# scope: document
deny contains {"code": "inventory.unknown_device"} if {
	not input.inventory_known
	not _nobody
}

deny contains {"code": "inventory.class_unknown", "detail": {"class": input.device_class}} if {
	input.inventory_known
	not subject.class
}

deny contains {"code": _status_code, "detail": {"status": input.device_status}} if {
	input.inventory_known
	not _active
}

deny contains {"code": "inventory.cache_stale"} if {
	input.inventory_freshness != null
	not input.inventory_freshness in {"fresh", "within_grace"}
}

# METADATA
# description: stale_within_grace for state that is old and may still be relied upon
# scope: document
tell contains {"code": "inventory.stale_within_grace"} if input.inventory_freshness == "within_grace"

# Where the rule `credential` denies and nothing names a device, that says it all.
_nobody if {
	input.device_id == null
	not subject.credential_holds
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
