package rules.device_test

import data.rules.device

_input := {
	"authenticated_by": "device_tls",
	"credential_presented": true,
	"credential_valid": true,
	"credential_findings": [],
	"device_id": "meter-1",
	"device_class": "meter",
	"device_status": "active",
	"inventory_known": true,
	"inventory_freshness": null,
}

_told(changes) := told if {
	told := {"deny": {reason.code | some reason in device.deny}, "tell": {reason.code | some reason in device.tell}} with input as object.union(_input, changes)
		with data.portreeve.classes as {"meter": {}}
}

_codes(changes) := _told(changes).deny

test_an_active_device_of_a_known_class_is_not_denied if _told({}) == {"deny": set(), "tell": set()}

test_an_unknown_device_is_denied if {
	_codes({"inventory_known": false, "device_status": null, "device_class": null}) == {"inventory.unknown_device"}
}

test_where_the_credential_is_denied_and_names_nobody_that_says_it_all if {
	_codes({"inventory_known": false, "device_id": null, "credential_presented": false}) == set()
}

test_a_class_without_rules_is_denied if _codes({"device_class": "toaster"}) == {"inventory.class_unknown"}

test_every_status_but_active_is_denied if {
	expected := {
		"pre_provisioned": "inventory.not_active",
		"disabled": "inventory.not_active",
		"quarantined": "inventory.quarantined",
		"lost": "inventory.lost_or_stolen",
		"decommissioned": "inventory.decommissioned",
	}
	every status, code in expected {
		_codes({"device_status": status}) == {code}
	}
}

test_old_state_is_told_within_its_grace_and_denied_past_it if {
	_told({"inventory_freshness": "fresh"}) == {"deny": set(), "tell": set()}
	_told({"inventory_freshness": "within_grace"}) == {"deny": set(), "tell": {"inventory.stale_within_grace"}}
	_codes({"inventory_freshness": "stale"}) == {"inventory.cache_stale"}
}
