# METADATA
# title: Gateways of a site
# description: >-
#   At the sites of data/gateways.yaml, devices connect by the word of one of the site's gateways, and the gateways
#   themselves directly. The site is that of the device's record; where it has none, that of the enforcement point.
package rules.site_gateways

# METADATA
# description: not_by_site_gateway for every other way in
# scope: document
deny contains {"code": "custom.not_by_site_gateway", "detail": {"site": _site, "gateway": input.gateway}} if {
	_gateways
	not _by_gateway
	not _is_gateway
}

_gateways := data.site_gateways[_site]

_site := input.device_site if input.device_site != null

_site := input.pep_site if input.device_site == null

_by_gateway if {
	# A gateway that a device merely names, or passes through, did not let it in.
	input.authenticated_by == "gateway_asserted"
	input.gateway_proved == true
	input.gateway in _gateways
}

_is_gateway if {
	input.authenticated_by == "device_tls"
	input.device_id in _gateways
}
