# METADATA
# title: Subject
# description: What several rules ask about the device that the decision is about.
# schemas:
#   - input: schema.input
package subject

# METADATA
# description: >-
#   rules of the device's class; what they leave out counts as the strictest. Undefined for a class without rules,
#   which the rule `device` denies
# scope: document
class := object.union(_strictest, data.portreeve.classes[input.device_class])

# METADATA
# description: the device itself showed its certificate; a gateway's certificate says nothing about the device's
# scope: document
shows_own_credential if {
	input.authenticated_by == "device_tls"
	input.credential_presented
}

# METADATA
# description: >-
#   somebody showed a certificate that holds, or the configuration names connections without one as not denied
# scope: document
credential_holds if {
	input.authenticated_by in {"device_tls", "gateway_asserted"}
	input.credential_presented
	input.credential_valid
	count(input.credential_findings) == 0
}

credential_holds if {
	not input.credential_presented
	input.credential_optional
}

_strictest := {
	"assurance": "attested",
	"binding": "certificate",
	"anchors": [],
	"max_lifetime_s": 0,
	"shared_use": "deny",
	"firmware": {"required": true, "allowed": [], "blocked": [], "minimum": {}, "rollback": "deny"},
	"attestation": {"required": true},
	"entitlements": [],
	"ttl_s": 1,
	"session_limit_s": 1,
}
