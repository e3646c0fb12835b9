# METADATA
# title: Administration
# description: >-
#   Before what is administered, ports of administration want an attestation of the last minutes. Where the enforcement
#   point does not say to which port, it could be one.
package rules.admin_ports

# METADATA
# description: step_up_required for less than an attestation of the last minutes
# scope: document
deny contains {
	"code": "custom.step_up_required",
	"detail": {"destination": input.destination, "attestation_age_s": input.attestation_age_s},
} if {
	input.pep in data.admin_ports.peps
	not _other_port
	not _stepped_up
}

# METADATA
# description: what was stepped up to is left after a quarter of an hour
# scope: document
session_limits contains 900 if {
	input.pep in data.admin_ports.peps
	not _other_port
}

# The port is what stands after the last colon, and an IPv6 address without brackets has none.
_other_port if {
	regex.match(`^([^:]*|\[[^\]]*\]):[0-9]{1,5}$`, input.destination)
	parts := split(input.destination, ":")
	not parts[count(parts) - 1] in data.admin_ports.ports
}

_stepped_up if {
	input.assurance == "attested"
	input.attestation_age_s != null
	input.attestation_age_s <= data.admin_ports.max_age_s
}
