# METADATA
# title: Samples
# description: Inputs and classes that the rules' tests start from; each test says what it changes.
package portreeve.sample_test

# METADATA
# description: an active meter that proves itself with a bound, fresh certificate; nothing denies it
# scope: document
device := {
	"input_version": 1,
	"now_s": 1795000000,
	"weekday": 3,
	"minute_of_day": 620,
	"tenant": "default",
	"door": "ext_authz_http",
	"pep": "edge",
	"pep_site": "quay-3",
	"pep_zone": null,
	"pep_authenticated_by": "tls",
	"pep_may_assert_devices": false,
	"pep_networks": [],
	"source_ip": "10.1.2.3",
	"source_outside": [],
	"source_ip_outside": null,
	"destination": null,
	"protocol": "HTTP/2",
	"sni": null,
	"http_method": "GET",
	"http_host": "meters.example",
	"http_path": "/readings",
	"authenticated_by": "device_tls",
	"assurance": "device_proved",
	"credential_optional": false,
	"credential_presented": true,
	"credential_valid": true,
	"credential_findings": [],
	"credential_shared": null,
	"anchor": "fleet-root",
	"profile": "ieee_802_1ar",
	"issuer": "meters-ca",
	"device_id": "MTR-0001",
	"hardware_serial": "MTR-0001",
	"certificate_serial": "0a1b",
	"certificate_fingerprint": "aaaa",
	"key_digest": "bbbb",
	"key_algorithm": "ec-prime256v1",
	"lifetime_s": 7776000,
	"certificate_age_s": 864000,
	"remaining_s": 6912000,
	"revocation_status": "good",
	"revocation_freshness": "fresh",
	"crl_age_s": 600,
	"claimed_device_id": null,
	"claimed_serial": null,
	"claimed_id_matches": null,
	"claimed_serial_matches": null,
	"inventory_known": true,
	"device_status": "active",
	"device_class": "meter",
	"device_owner": "utilities",
	"device_site": "quay-3",
	"device_tags": ["pilot"],
	"device_firmware": [],
	"device_networks": [],
	"device_entitlements": ["firmware:read"],
	"key_protection": null,
	"renewal_expected_by_s": null,
	"renewal_overdue": [],
	"renewal_overdue_remaining_s": null,
	"binding": "certificate",
	"firmware_hash": "f00d",
	"firmware_source": "claimed",
	"attestation_age_s": null,
	"attestation_findings": [],
	"attestation_status": "none",
	"attestation_tier": null,
	"attestation_verifier": null,
	"gateway": null,
	"gateway_proved": null,
	"gateway_known": null,
	"gateway_status": null,
	"gateway_enrolled": null,
	"gateway_delegation_until_s": null,
	"firmware_findings": [],
	"firmware_product": null,
	"firmware_status": null,
	"firmware_version": null,
	"inventory_freshness": null,
	"custom": {},
}

# METADATA
# description: a sensor for which its gateway vouches, with the gateway's own certificate; nothing denies it
# scope: document
child := object.union(device, {
	"authenticated_by": "gateway_asserted",
	"assurance": "gateway_asserted",
	"anchor": "gateways",
	"device_id": "SEN-0001",
	"device_class": "sensor",
	"binding": "none",
	"firmware_hash": null,
	"firmware_source": null,
	"gateway": "gw-1",
	"gateway_proved": true,
	"gateway_known": true,
	"gateway_status": "active",
	"gateway_enrolled": true,
})

# METADATA
# description: a connection that shows no certificate and names nobody
# scope: document
nobody := object.union(device, {
	"authenticated_by": "none",
	"assurance": "none",
	"credential_presented": false,
	"credential_valid": false,
	"anchor": null,
	"profile": null,
	"issuer": null,
	"device_id": null,
	"hardware_serial": null,
	"certificate_serial": null,
	"certificate_fingerprint": null,
	"key_digest": null,
	"key_algorithm": null,
	"lifetime_s": null,
	"certificate_age_s": null,
	"remaining_s": null,
	"revocation_status": null,
	"revocation_freshness": null,
	"crl_age_s": null,
	"inventory_known": false,
	"device_status": null,
	"device_class": null,
	"device_owner": null,
	"device_site": null,
	"device_tags": [],
	"device_entitlements": [],
	"binding": "none",
	"firmware_hash": null,
	"firmware_source": null,
})

# METADATA
# description: rules of the classes that the samples are of
# scope: document
classes := {
	"meter": {
		"assurance": "device_proved",
		"binding": "key",
		"issuers": [],
		"anchors": ["fleet-root"],
		"max_lifetime_s": 31536000,
		"renew_by_share": null,
		"firmware": {"required": true, "allowed": ["f00d"], "blocked": ["bad0"], "minimum": {}, "rollback": "deny"},
		"networks": ["10.0.0.0/8", "2001:db8::/32"],
		"attestation": {"required": false},
		"shared_use": "warn",
		"entitlements": ["readings:write"],
		"ttl_s": 300,
		"session_limit_s": 3600,
	},
	"sensor": {
		"assurance": "gateway_asserted",
		"binding": "issuer",
		"issuers": [],
		"anchors": [],
		"max_lifetime_s": null,
		"renew_by_share": null,
		"firmware": {"required": false, "allowed": [], "blocked": [], "minimum": {}, "rollback": "deny"},
		"networks": [],
		"attestation": {"required": false},
		"shared_use": "warn",
		"entitlements": [],
		"ttl_s": 60,
		"session_limit_s": null,
	},
}

# METADATA
# description: the classes with some of the meter's rules changed
# scope: document
meter_with(changes) := object.union(classes, {"meter": changes})

# METADATA
# description: the classes with some of the sensor's rules changed
# scope: document
sensor_with(changes) := object.union(classes, {"sensor": changes})

# METADATA
# description: codes of a set of reasons
# scope: document
codes(reasons) := {reason.code | some reason in reasons}
