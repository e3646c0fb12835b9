# METADATA
# title: Old certificates
# description: >-
#   Sessions are short where the certificate that they rest on is old, or where there is none whose age is known: short
#   sessions are what an old certificate costs, and showing none must not be the cheaper way.
package rules.old_certificates

# METADATA
# description: the limit in seconds; a limit of the class that is shorter still counts
# scope: document
session_limits contains data.old_certificates.session_limit_s if not _young

# METADATA
# description: session_shortened, so that the device's owner learns why
# scope: document
tell contains {"code": "custom.session_shortened", "detail": {"certificate_age_s": input.certificate_age_s}} if {
	input.certificate_age_s != null
	not _young
}

# Null is less than every number: without the first line, no certificate would be the youngest of all.
_young if {
	input.certificate_age_s != null
	input.certificate_age_s <= data.old_certificates.age_s
}
