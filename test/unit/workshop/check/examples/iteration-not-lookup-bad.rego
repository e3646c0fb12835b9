# data: { devices: { a: { id: a, site: x } }, list: [ { id: a } ], names: [ a ] }
package example

import data.devices as known

deny contains {"code": "policy.denied"} if {
	some id, device in data.devices # finding: iteration-not-lookup
	id == input.device_id
	device.site == "x"
}

deny contains {"code": "policy.denied"} if {
	some entry in data.list # finding: iteration-not-lookup
	entry.id == input.device_id
}

deny contains {"code": "policy.denied"} if {
	some name in data.names # finding: iteration-not-lookup
	input.device_id == name
}

deny contains {"code": "policy.denied"} if {
	data.list[_].id == input.device_id # finding: iteration-not-lookup
}

deny contains {"code": "policy.denied"} if {
	some i
	data.list[i].id == input.device_id # finding: iteration-not-lookup
}

deny contains {"code": "policy.denied"} if {
	entries := data.list
	some entry in entries # finding: iteration-not-lookup
	entry.id == input.device_id
}

deny contains {"code": "policy.denied"} if {
	count([1 | some one in known; one.id == input.device_id]) > 0 # finding: iteration-not-lookup
}
