package portreeve.inventory_test

import data.portreeve.inventory
import data.portreeve.sample_test as sample

_codes(changes) := sample.codes(reasons) if {
	reasons := inventory.reasons with input as object.union(sample.device, changes)
		with data.portreeve.classes as sample.classes
}

_unknown := {
	"inventory_known": false,
	"device_status": null,
	"device_class": null,
}

test_an_active_device_of_a_known_class_passes if _codes({}) == set()

test_an_unknown_device_is_denied_with_its_id if {
	reasons := inventory.reasons with input as object.union(sample.device, _unknown)
		with data.portreeve.classes as sample.classes
	reasons == {{"code": "inventory.unknown_device", "detail": {"device_id": {"input": "device_id"}}}}
}

test_nobody_is_denied_as_unknown_where_the_credential_is_not_denied if {
	reasons := inventory.reasons with input as object.union(sample.nobody, {"credential_optional": true})
		with data.portreeve.classes as sample.classes
	sample.codes(reasons) == {"inventory.unknown_device"}
}

test_nobody_is_left_to_the_credentials_reason_where_that_denies if {
	inventory.reasons == set() with input as sample.nobody with data.portreeve.classes as sample.classes
}

test_a_named_device_is_denied_as_unknown_also_where_its_credential_is_denied if {
	_codes(object.union(_unknown, {
		"credential_valid": false,
		"credential_findings": ["credential.expired"],
	})) == {"inventory.unknown_device"}
}

test_a_class_without_rules_is_denied if {
	_codes({"device_class": "toaster"}) == {"inventory.class_unknown"}
	_codes({"device_class": null}) == {"inventory.class_unknown"}
}

test_every_status_but_active_is_denied_with_its_own_reason if {
	expected := {
		"pre_provisioned": "inventory.not_active",
		"disabled": "inventory.not_active",
		"quarantined": "inventory.quarantined",
		"lost": "inventory.lost_or_stolen",
		"decommissioned": "inventory.decommissioned",
		"a status of tomorrow": "inventory.not_active",
	}
	every status, code in expected {
		_codes({"device_status": status}) == {code}
	}
	_codes({"device_status": null}) == {"inventory.not_active"}
}

test_state_that_is_too_old_is_denied_and_told_within_its_grace if {
	_codes({"inventory_freshness": "fresh"}) == set()
	_codes({"inventory_freshness": "within_grace"}) == {"inventory.stale_within_grace"}
	_codes({"inventory_freshness": "stale"}) == {"inventory.cache_stale"}
	_codes({"inventory_freshness": "a word of tomorrow"}) == {"inventory.cache_stale"}
}
