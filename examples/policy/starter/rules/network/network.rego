# METADATA
# title: Network
# description: >-
#   The connection comes from where it may: the source is within every list of networks that its class, its device
#   record and its enforcement point name.
package rules.network

# METADATA
# description: source_not_allowed for a source outside a list, and for no source where there is a list
# scope: document
deny contains {
	"code": "network.source_not_allowed",
	"detail": {"outside": concat(", ", input.source_outside)},
} if {
	not _inside
}

_inside if count(input.source_outside) == 0
