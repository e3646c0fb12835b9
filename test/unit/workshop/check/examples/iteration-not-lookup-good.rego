# data: { devices: { a: { id: a, site: x, peer: a } }, limits: [ { over: 5 } ], names: [ a ] }
package example

deny contains {"code": "policy.denied"} if not data.devices[input.device_id]

deny contains {"code": "policy.denied"} if not input.device_id in data.names

# A condition that no key answers.
deny contains {"code": "policy.denied"} if {
	some limit in data.limits
	input.now_s > limit.over
}

# Two members of the same entry.
deny contains {"code": "policy.denied"} if {
	some device in data.devices
	device.peer == device.id
}

# What is gone through is the input, which is short, or what a rule makes.
deny contains {"code": "policy.denied"} if {
	some tag in input.device_tags
	tag == "blocked"
}

deny contains {"code": "policy.denied"} if {
	some site in _sites
	site == input.pep
}

_sites := {"a", "b"}

# The others, not the one.
deny contains {"code": "policy.denied"} if {
	some device in data.devices
	device.id != input.device_id
	device.site in {"x", "y"}
}

# A handful, which its author says.
deny contains {"code": "policy.denied"} if {
	some device in data.devices # portreeve ignore: iteration-not-lookup: a handful of devices
	device.site == input.pep
}
