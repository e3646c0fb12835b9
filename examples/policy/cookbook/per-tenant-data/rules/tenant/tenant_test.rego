package rules.tenant_test

import data.rules.tenant as rule

_tenants := {
	"harbour": {"classes": ["meter"], "sites": ["quay"], "session_limit_s": 1200},
	"city": {"classes": ["camera"], "sites": null, "session_limit_s": null},
}

_told(tenant, class, site) := told if {
	told := {"codes": {reason.code | some reason in rule.deny}, "limits": rule.session_limits} with data.tenants as _tenants
		with input as {"tenant": tenant, "device_class": class, "device_site": site, "inventory_known": true}
}

test_what_a_tenant_ordered_is_not_denied if {
	_told("harbour", "meter", "quay") == {"codes": set(), "limits": {1200}}
	_told("city", "camera", null) == {"codes": set(), "limits": set()}
}

test_what_another_tenant_ordered_is_denied if {
	_told("harbour", "camera", "quay").codes == {"custom.not_for_tenant"}
	_told("city", "meter", "quay").codes == {"custom.not_for_tenant"}
}

test_another_site_or_none_is_denied_where_sites_are_named if {
	_told("harbour", "meter", "lyon").codes == {"custom.not_for_tenant"}
	_told("harbour", "meter", null).codes == {"custom.not_for_tenant"}
}

test_a_tenant_without_an_entry_has_nothing if {
	_told("newcomer", "meter", "quay") == {"codes": {"custom.tenant_unknown"}, "limits": set()}
}
