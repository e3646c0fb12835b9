# METADATA
# title: Network
# description: >-
#   The connection comes from where it may. The enforcement point, the class and the device's record may each
#   name networks; the source has to be within every list that names any. A network never allows by itself.
package portreeve.network

import data.portreeve.result
import data.portreeve.subject

# METADATA
# description: source_not_allowed for a source outside a list, and for no source where there is a list
# scope: document
reasons contains result.reason("network.source_not_allowed", {
	"source_ip": input.source_ip,
	"outside": concat(", ", sort(_outside)),
}) if {
	count(_outside) > 0
}

# Sets have no order in WASM.
_outside contains "pep" if not _within(input.pep_networks)

_outside contains "class" if {
	subject.class
	not _within(subject.class.networks)
}

_outside contains "device" if not _within(input.device_networks)

_within(networks) if count(networks) == 0

_within(networks) if {
	some network in networks
	net.cidr_contains(network, input.source_ip)
}
