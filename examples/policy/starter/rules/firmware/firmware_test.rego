package rules.firmware_test

import data.rules.firmware

_input := {
	"device_class": "camera",
	"device_firmware": [],
	"firmware_hash": "aa",
	"firmware_findings": [],
	"firmware_product": null,
	"firmware_status": null,
}

_told(changes) := told if {
	told := {
		"deny": {reason.code | some reason in firmware.deny},
		"tell": {reason.code | some reason in firmware.tell},
	} with input as object.union(_input, changes)
		with data.portreeve.classes as {
			"camera": {"firmware": {"required": true, "allowed": ["aa"], "blocked": ["bb"]}},
			"meter": {"firmware": {"required": false, "allowed": [], "blocked": [], "rollback": "accept"}},
			"lamp": {"firmware": {"required": false, "allowed": ["aa"], "blocked": []}},
			"pump": {"firmware": {"required": false, "allowed": [], "blocked": [], "minimum": {"pump-os": "2.0"}}},
		}
}

_codes(changes) := _told(changes).deny

test_a_hash_that_the_class_allows_is_not_denied if _told({}) == {"deny": set(), "tell": set()}

test_a_hash_that_the_devices_record_allows_is_not_denied if {
	_codes({"firmware_hash": "cc", "device_firmware": ["cc"]}) == set()
}

test_no_hash_is_denied_where_one_is_required if {
	_codes({"firmware_hash": null}) == {"firmware.missing"}
	_codes({"firmware_hash": null, "device_class": "meter"}) == set()
}

test_a_blocked_hash_is_denied_whatever_allows_it if {
	_codes({"firmware_hash": "bb", "device_firmware": ["bb"]}) == {"firmware.blocked"}
}

test_an_unknown_hash_is_denied_where_there_is_a_list if {
	_codes({"firmware_hash": "dd"}) == {"firmware.unknown_hash"}
	_codes({"firmware_hash": "dd", "device_class": "lamp"}) == {"firmware.unknown_hash"}
	_codes({"firmware_hash": "dd", "device_class": "meter"}) == set()
}

test_what_the_catalogue_says_is_denied_once_and_what_only_warns_is_told if {
	_codes({"firmware_findings": [{"code": "firmware.rollback"}]}) == {"firmware.rollback"}
	_codes({"firmware_hash": "bb", "firmware_findings": [{"code": "firmware.blocked"}]}) == {"firmware.blocked"}
	_told({"firmware_findings": [{"code": "firmware.grace_expiring"}]}) == {
		"deny": set(),
		"tell": {"firmware.grace_expiring"},
	}
}

test_versions_of_the_classes_products_are_allowed_by_the_catalogue_and_no_others if {
	approved := {"device_class": "pump", "firmware_product": "pump-os", "firmware_status": "approved"}
	_codes(approved) == set()
	_codes(object.union(approved, {"firmware_product": "camera-os"})) == {"firmware.unknown_hash"}
	_codes(object.union(approved, {"firmware_product": null, "firmware_status": null})) == {"firmware.unknown_hash"}
}

test_a_hash_of_the_devices_own_is_the_only_one_that_it_may_run if {
	_codes({"device_class": "meter", "firmware_hash": "cc", "device_firmware": ["dd"]}) == {"firmware.unknown_hash"}
}

test_what_the_catalogue_blocks_is_not_unknown_as_well if {
	_codes({"firmware_hash": "dd", "firmware_findings": [{"code": "firmware.blocked"}]}) == {"firmware.blocked"}
}

test_a_rollback_is_accepted_where_the_class_says_so if {
	_codes({"device_class": "meter", "firmware_findings": [{"code": "firmware.rollback"}]}) == set()
}
