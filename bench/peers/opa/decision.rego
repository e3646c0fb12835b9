# What Portreeve decides about a meter, written for opa-envoy-plugin: the certificate verified for each request, the
# inventory and the revoked serial numbers as data.
package portreeve.bench

default decision := {"allowed": false, "http_status": 403}

decision := {"allowed": true, "headers": {"x-device-assurance": "device_proved"}} if {
	count(reasons) == 0
}

source := input.attributes.source

headers := input.attributes.request.http.headers

# The chain ends with what the connection showed; Envoy hands the leaf over as URL-encoded PEM.
presented := concat("", [data.chain, urlquery.decode(source.certificate)])

verified := crypto.x509.parse_and_verify_certificates_with_options(
	presented,
	{"KeyUsages": ["KeyUsageClientAuth"]},
)

leaf := verified[1][0] if verified[0]

device := data.inventory[leaf.Subject.CommonName]

allowed_firmware := {"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"}

networks := {"127.0.0.0/8", "10.0.0.0/8"}

# 400 days.
max_lifetime_ns := ((400 * 24) * 3600) * 1000000000

reasons contains "chain.untrusted" if not leaf

reasons contains "revocation.revoked" if data.revoked[format_int(leaf.SerialNumber, 16)]

reasons contains "inventory.unknown" if {
	leaf
	not device
}

reasons contains "inventory.disabled" if device.status != "active"

reasons contains "lifetime.too_long" if {
	lifetime := time.parse_rfc3339_ns(leaf.NotAfter) - time.parse_rfc3339_ns(leaf.NotBefore)
	lifetime > max_lifetime_ns
}

reasons contains "assurance.class" if device.class != "meter"

reasons contains "firmware.missing" if not headers["x-firmware-hash"]

reasons contains "firmware.not_allowed" if not headers["x-firmware-hash"] in allowed_firmware

reasons contains "network.not_allowed" if not inside

inside if {
	some network in networks
	net.cidr_contains(network, source.address.socketAddress.address)
}
