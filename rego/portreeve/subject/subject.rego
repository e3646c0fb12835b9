# METADATA
# title: Subject
# description: What several rules ask about the device that the decision is about.
package portreeve.subject

# METADATA
# description: >-
#   rules of the device's class, from the configuration; what they leave out counts as the strictest. Undefined
#   for a class without rules, which `inventory` denies.
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
# description: the inventory has the device
# scope: document
known if input.inventory_known

_strictest := {
	"assurance": "attested",
	"binding": "certificate",
	"anchors": [],
	"max_lifetime_s": 0,
	"renew_by_share": null,
	"firmware": {"required": true, "allowed": [], "blocked": [], "minimum": {}, "rollback": "deny"},
	"attestation": {"required": true},
	"shared_use": "deny",
	"entitlements": [],
	"ttl_s": 1,
	"session_limit_s": 1,
}
