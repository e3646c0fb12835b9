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
