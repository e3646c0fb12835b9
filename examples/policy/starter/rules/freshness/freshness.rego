# METADATA
# title: Freshness
# description: >-
#   The revocation list that the certificate was judged by is no older than data/thresholds.yaml says. That a list is
#   past its own nextUpdate is denied in any case, by no rule's leave.
package rules.freshness

# METADATA
# description: custom.old_revocation_list for a list that is too old, or of which nobody knows how old it is
# scope: document
deny contains {
	"code": "custom.old_revocation_list",
	"detail": {"crl_age_s": input.crl_age_s, "crl_max_age_s": data.thresholds.crl_max_age_s},
} if {
	# Null where no list was used: nobody showed a certificate, or other rules and the floor deny.
	input.crl_age_s != null
	not _fresh
}

_fresh if input.crl_age_s <= data.thresholds.crl_max_age_s
