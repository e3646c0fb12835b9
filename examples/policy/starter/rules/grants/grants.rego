# METADATA
# title: Grants
# description: What comes with an allow. Says nothing for a class without rules, so nothing is allowed there.
package rules.grants

import data.subject

# METADATA
# description: entitlements of the class and of the device together
# scope: document
entitlements contains entitlement if some entitlement in subject.class.entitlements

entitlements contains entitlement if some entitlement in input.device_entitlements

# METADATA
# description: limit of the class in seconds, where it has one
# scope: document
session_limits contains subject.class.session_limit_s if subject.class.session_limit_s != null

# METADATA
# description: how long the class lets an allow stand, in seconds
# scope: document
ttls contains subject.class.ttl_s
