package portreeve.subject_test

import data.portreeve.sample_test as sample
import data.portreeve.subject

test_class_is_the_configurations if {
	subject.class == sample.classes.meter with input as sample.device
		with data.portreeve.classes as sample.classes
}

test_what_a_class_leaves_out_counts_as_the_strictest if {
	class := subject.class with input as sample.device with data.portreeve.classes as {"meter": {}}
	class.assurance == "attested"
	class.binding == "certificate"
	class.anchors == []
	class.max_lifetime_s == 0
	class.firmware == {"required": true, "allowed": [], "blocked": [], "minimum": {}, "rollback": "deny"}
	class.attestation == {"required": true}
	class.shared_use == "deny"
}

test_a_class_without_rules_is_undefined if {
	not subject.class with input as object.union(sample.device, {"device_class": "toaster"})
		with data.portreeve.classes as sample.classes
	not subject.class with input as sample.nobody with data.portreeve.classes as sample.classes
}

test_only_a_device_over_tls_shows_its_own_credential if {
	subject.shows_own_credential with input as sample.device
	not subject.shows_own_credential with input as sample.child
	not subject.shows_own_credential with input as sample.nobody
}
