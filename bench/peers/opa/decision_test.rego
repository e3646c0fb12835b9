package portreeve.bench_test

import data.portreeve.bench

# What the built-in makes of a sound certificate; that it verifies real ones is shown where the benchmark asks by `opa eval`.
leaf := {
	"Subject": {"CommonName": "meter-1"},
	"SerialNumber": 161061273855,
	"NotBefore": "2026-01-01T00:00:00Z",
	"NotAfter": "2026-06-01T00:00:00Z",
}

request(address, headers) := {"attributes": {
	"source": {"certificate": "presented", "address": {"socketAddress": {"address": address}}},
	"request": {"http": {"headers": headers}},
}}

firmware := {"x-firmware-hash": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"}

devices := {
	"meter-1": {"status": "active", "class": "meter"},
	"meter-2": {"status": "quarantined", "class": "meter"},
	"valve-1": {"status": "active", "class": "valve"},
}

# The decision and its reasons about a certificate, where these serial numbers are revoked.
about(shown, asked, revoked) := [decision.allowed, reasons] if {
	decision := bench.decision with input as asked
		with data.chain as ""
		with data.inventory as devices
		with data.revoked as revoked
		with crypto.x509.parse_and_verify_certificates_with_options as shown
	reasons := bench.reasons with input as asked
		with data.chain as ""
		with data.inventory as devices
		with data.revoked as revoked
		with crypto.x509.parse_and_verify_certificates_with_options as shown
}

usual := request("10.1.2.3", firmware)

named(name) := [true, [json.patch(leaf, [{"op": "replace", "path": "/Subject/CommonName", "value": name}])]]

test_sound_certificate_of_active_meter_is_allowed if about(named("meter-1"), usual, {}) == [true, set()]

test_serial_numbers_are_looked_up_in_lower_case_hexadecimal if {
	about(named("meter-1"), usual, {"25800000ff": true}) == [false, {"revocation.revoked"}]
}

test_untrusted_certificate_is_denied if about([false, []], usual, {}) == [false, {"chain.untrusted"}]

test_unknown_device_is_denied if about(named("meter-9"), usual, {}) == [false, {"inventory.unknown"}]

test_disabled_device_is_denied if about(named("meter-2"), usual, {}) == [false, {"inventory.disabled"}]

test_device_of_another_class_is_denied if about(named("valve-1"), usual, {}) == [false, {"assurance.class"}]

test_other_firmware_is_denied if {
	asked := request("10.1.2.3", {"x-firmware-hash": "b2"})
	about(named("meter-1"), asked, {}) == [false, {"firmware.not_allowed"}]
}

test_missing_firmware_is_denied if {
	asked := request("10.1.2.3", {})
	about(named("meter-1"), asked, {}) == [false, {"firmware.missing"}]
}

test_other_network_is_denied if {
	about(named("meter-1"), request("192.0.2.1", firmware), {}) == [false, {"network.not_allowed"}]
}

test_too_long_a_life_is_denied if {
	old := json.patch(leaf, [{"op": "replace", "path": "/NotBefore", "value": "2024-01-01T00:00:00Z"}])
	about([true, [old]], usual, {}) == [false, {"lifetime.too_long"}]
}
