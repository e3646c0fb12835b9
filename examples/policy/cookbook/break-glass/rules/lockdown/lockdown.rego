# METADATA
# title: Lock-down
# description: >-
#   Nothing of a locked site connects. There is no list of exceptions here: who has to get in all the same breaks the glass
#   in the configuration of the servers, by name, for hours, and every such decision says so.
package rules.lockdown

# METADATA
# description: site_locked for the site of the device, of its enforcement point, or both
# scope: document
deny contains {"code": "custom.site_locked", "detail": {"site": site, "because": because}} if {
	some site in [input.device_site, input.pep_site]
	because := object.get(data.lockdown, site, null)
	because != null
}
