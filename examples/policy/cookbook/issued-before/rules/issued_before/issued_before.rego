# METADATA
# title: Issued before
# description: >-
#   What a CA issued before a time does not count, as after a break-in at the CA that nobody can date well enough to revoke
#   by serial. By a gateway, it is the gateway's certificate that has to be younger.
package rules.issued_before

# METADATA
# description: issued_too_early for certificates that are valid from before the time of their issuer
# scope: document
deny contains {
	"code": "custom.issued_too_early",
	"detail": {"issuer": input.issuer, "certificate_age_s": input.certificate_age_s, "not_before_s": _least_s},
} if {
	_least_s != null
	not _late_enough
}

# Null for no certificate and for CAs that are not concerned: other rules and the floor see to those.
_least_s := object.get(data.issued_before, input.issuer, null)

# Exact: ages are whole seconds, as the times in certificates are.
_late_enough if {
	input.certificate_age_s != null
	input.now_s - input.certificate_age_s >= _least_s
}
