package portreeve_test

import data.portreeve
import data.portreeve.sample_test as sample

test_a_device_that_nothing_denies_is_allowed_with_what_its_class_grants if {
	portreeve.decision == {
		"allow": true,
		"reasons": set(),
		"entitlements": ["firmware:read", "readings:write"],
		"headers": {},
		"session_limit_s": 3600,
		"ttl_s": 300,
	} with input as sample.device
		with data.portreeve.classes as sample.classes
}

test_a_child_of_a_trusted_gateway_is_allowed if {
	decision := portreeve.decision with input as sample.child with data.portreeve.classes as sample.classes
	decision.allow
	decision.reasons == set()
}

test_nobody_is_denied_for_the_missing_credential_alone if {
	decision := portreeve.decision with input as sample.nobody with data.portreeve.classes as sample.classes
	not decision.allow
	sample.codes(decision.reasons) == {"identity.no_credential"}
}

test_the_reasons_of_every_rule_are_told_at_once if {
	decision := portreeve.decision with input as object.union(sample.device, {
		"credential_findings": ["identity.id_malformed"],
		"claimed_id_matches": false,
		"lifetime_s": 99999999,
		"device_status": "quarantined",
		"binding": "none",
		"firmware_hash": "bad0",
		"source_outside": ["class"],
		"source_ip_outside": "192.0.2.1",
	})
		with data.portreeve.classes as sample.meter_with({"attestation": "required"})
	not decision.allow
	sample.codes(decision.reasons) == {
		"identity.id_malformed",
		"identity.claimed_id_mismatch",
		"credential.lifetime_exceeds_policy",
		"inventory.quarantined",
		"inventory.cert_not_bound",
		"firmware.blocked",
		"attestation.missing",
		"network.source_not_allowed",
	}
}

test_a_gateways_word_is_denied_where_it_is_not_enough if {
	decision := portreeve.decision with input as object.union(sample.child, {"device_class": "meter", "firmware_hash": "f00d"})
		with data.portreeve.classes as sample.classes
	not decision.allow
	sample.codes(decision.reasons) == {"assurance.device_not_proven"}
}

test_a_gateway_that_may_not_speak_for_the_child_is_denied if {
	decision := portreeve.decision with input as object.union(sample.child, {"gateway_enrolled": false})
		with data.portreeve.classes as sample.classes
	not decision.allow
	sample.codes(decision.reasons) == {"assurance.child_not_enrolled"}
}

test_without_the_configurations_classes_everything_is_denied if {
	decision := portreeve.decision with input as sample.device with data.portreeve.classes as {}
	not decision.allow
	"inventory.class_unknown" in sample.codes(decision.reasons)
}

test_an_empty_input_is_denied if {
	decision := portreeve.decision with input as {} with data.portreeve.classes as sample.classes
	not decision.allow
}

test_no_single_missing_key_turns_a_denial_into_an_allow if {
	denied := object.union(sample.device, {
		"binding": "none",
		"firmware_hash": "bad0",
		"source_outside": ["class"],
		"source_ip_outside": "192.0.2.1",
	})
	every name, _ in denied {
		decision := portreeve.decision with input as object.remove(denied, {name})
			with data.portreeve.classes as sample.classes
		not decision.allow
	}
}
