# METADATA
# title: Autonomous systems
# description: >-
#   Nothing connects from the autonomous systems of data/asn.yaml. As in routing, the longest prefix says whose an address
#   is: a part of a denied network that belongs to somebody else is not denied.
package rules.asn

# METADATA
# description: asn_denied by the longest prefix, source_unknown where there is no address to look up
# scope: document
deny contains {"code": "custom.asn_denied", "detail": {"asn": asn, "because": because}} if {
	some asn in _owners
	because := object.get(data.asn.denied, asn, null)
	because != null
}

deny contains {"code": "custom.source_unknown"} if input.source_ip == null

_owners contains entry.asn if {
	some entry in _containing
	_length(entry) == max([_length(one) | some one in _containing])
}

_containing contains entry if {
	input.source_ip != null
	some entry in object.get(data.asn.prefixes, _key, [])
	net.cidr_contains(entry.cidr, input.source_ip)
}

_key := split(replace(input.source_ip, ":", "."), ".")[0] if is_string(input.source_ip)

_length(entry) := to_number(split(entry.cidr, "/")[1])
