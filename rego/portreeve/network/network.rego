# METADATA
# title: Network
# description: >-
#   The connection comes from where it may. The enforcement point, the class and the device's record may each
#   name networks; the source has to be within every list that names any. A network never allows by itself.
package portreeve.network

import data.portreeve.result

# METADATA
# description: source_not_allowed for a source outside a list, and for no source where there is a list
# scope: document
reasons contains result.reason("network.source_not_allowed", {
	"source_ip": input.source_ip_outside,
	"outside": concat(", ", input.source_outside),
}) if {
	not _inside
}

_inside if count(input.source_outside) == 0
