# METADATA
# title: Data by tenant
# description: >-
#   Each tenant has its own entry in data/tenants.yaml, taken by the name that the configuration gives its enforcement
#   points. A tenant without an entry has nothing, and nobody has another's.
package rules.tenant

# METADATA
# description: tenant_unknown without an entry, not_for_tenant for a class or site that the entry does not name
# scope: document
deny contains {"code": "custom.tenant_unknown", "detail": {"tenant": input.tenant}} if not _own

deny contains {
	"code": "custom.not_for_tenant",
	"detail": {"tenant": input.tenant, "class": input.device_class, "site": input.device_site},
} if {
	_own
	input.inventory_known
	not _ordered
}

# METADATA
# description: the tenant's own limit, where it has one
# scope: document
session_limits contains _own.session_limit_s if _own.session_limit_s != null

_own := data.tenants[input.tenant]

_ordered if {
	input.device_class in _own.classes
	_at_site
}

_at_site if _own.sites == null

_at_site if input.device_site in _own.sites
