# METADATA
# title: Entitlements
# description: What comes with an allow; obligations of the class and of the device.
package portreeve.entitlements

import data.portreeve.subject

# METADATA
# description: >-
#   entitlements of the class and of the device together, sorted; session limit and time to live of the class.
#   Null for a class without rules: there is nothing to grant, so the decision cannot allow.
# scope: document
default grants := null

grants := {
	"entitlements": sort(_entitlements),
	"session_limit_s": subject.class.session_limit_s,
	"ttl_s": subject.class.ttl_s,
}

_entitlements contains entitlement if some entitlement in subject.class.entitlements

_entitlements contains entitlement if some entitlement in input.device_entitlements
