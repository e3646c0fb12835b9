package portreeve.firmware_test

import data.portreeve.firmware
import data.portreeve.sample_test as sample

_codes(changes, rules) := sample.codes(reasons) if {
	reasons := firmware.reasons with input as object.union(sample.device, changes)
		with data.portreeve.classes as sample.meter_with({"firmware": rules})
}

_none := {"firmware_hash": null, "firmware_source": null}

test_a_hash_that_the_class_allows_passes if _codes({}, {}) == set()

test_a_hash_that_only_the_devices_record_allows_passes if {
	_codes({"firmware_hash": "cafe", "device_firmware": ["cafe"]}, {}) == set()
}

test_a_missing_hash_is_denied_where_the_class_requires_one if {
	_codes(_none, {}) == {"firmware.missing"}
}

test_a_missing_hash_passes_where_the_class_requires_none if {
	_codes(_none, {"required": false}) == set()
}

test_a_blocked_hash_is_denied_with_its_source_also_where_it_is_allowed if {
	reasons := firmware.reasons with input as object.union(
		sample.device,
		{"firmware_hash": "bad0", "device_firmware": ["bad0"]},
	)
		with data.portreeve.classes as sample.meter_with({"firmware": {"required": false, "allowed": ["bad0"]}})
	reasons == {{
		"code": "firmware.blocked",
		"detail": {"firmware_hash": "bad0", "source": "claimed"},
	}}
}

test_a_hash_on_no_list_is_denied if {
	_codes({"firmware_hash": "beef"}, {}) == {"firmware.unknown_hash"}
	_codes({"firmware_hash": "beef"}, {"required": false}) == {"firmware.unknown_hash"}
	_codes({"firmware_hash": "beef", "device_firmware": ["cafe"]}, {"required": false, "allowed": []}) == {"firmware.unknown_hash"}
}

test_a_class_that_requires_a_hash_and_allows_none_denies_every_hash if {
	_codes({}, {"allowed": []}) == {"firmware.unknown_hash"}
}

test_a_class_that_requires_and_lists_nothing_does_not_judge_firmware if {
	_codes({"firmware_hash": "beef"}, {"required": false, "allowed": []}) == set()
}

_catalogued := {
	"firmware_hash": "cafe",
	"firmware_product": "meter-os",
	"firmware_status": "approved",
	"firmware_version": "2.4.0",
}

_minimum := {"allowed": [], "minimum": {"meter-os": "2.0"}}

_finding(code) := object.union(_catalogued, {"firmware_findings": [{"code": code, "detail": {"version": "2.4.0"}}]})

test_what_the_catalogue_approves_of_the_classs_products_passes if {
	_codes(_catalogued, _minimum) == set()
	_codes(object.union(_catalogued, {"firmware_status": "known_vulnerable"}), _minimum) == set()
}

test_what_the_catalogue_approves_of_other_products_is_unknown_to_the_class if {
	_codes(object.union(_catalogued, {"firmware_product": "camera-os"}), _minimum) == {"firmware.unknown_hash"}
	_codes(_catalogued, {"allowed": []}) == {"firmware.unknown_hash"}
}

test_a_class_with_a_least_version_knows_no_hash_that_the_catalogue_lacks if {
	_codes({"firmware_hash": "beef"}, {"required": false, "allowed": [], "minimum": {"meter-os": "2.0"}}) == {"firmware.unknown_hash"}
}

test_what_the_catalogue_says_against_a_hash_counts_also_where_the_class_allows_it if {
	every code in ["firmware.blocked", "firmware.known_vulnerable", "firmware.below_minimum", "firmware.rollback", "firmware.grace_expiring"] {
		_codes(_finding(code), {"allowed": ["cafe"]}) == {code}
	}
}

test_what_the_catalogue_blocks_is_told_as_blocked_alone if {
	blocked := object.union(_finding("firmware.blocked"), {"firmware_status": "blocked"})
	_codes(blocked, {"allowed": []}) == {"firmware.blocked"}
	reasons := firmware.reasons with input as object.union(sample.device, blocked)
		with data.portreeve.classes as sample.meter_with({"firmware": {"blocked": ["cafe"]}})
	count(reasons) == 1
}

test_a_rollback_passes_where_the_class_accepts_it_by_name if {
	_codes(_finding("firmware.rollback"), {"allowed": ["cafe"], "rollback": "accept"}) == set()
	_codes(_finding("firmware.rollback"), {"allowed": ["cafe"], "rollback": "deny"}) == {"firmware.rollback"}
	_codes(_finding("firmware.below_minimum"), {"allowed": ["cafe"], "rollback": "accept"}) == {"firmware.below_minimum"}
}
