# METADATA
# title: Devices of third parties
# description: >-
#   Devices that cannot show a certificate, for which an enforcement point speaks that may: only those of the classes of
#   data/third_party.yaml, only to what is there for them, and not for long. Servers need
#   `trust.credential_optional`, which lets every connection without a certificate through to the policy: this rule is
#   what closes it for all others.
package rules.third_party

# METADATA
# description: >-
#   certificate_expected for every other device that comes without, third_party_elsewhere for one that wants more
# scope: document
deny contains {"code": "custom.certificate_expected"} if {
	not input.credential_presented
	input.credential_optional
	not _reachable
}

deny contains {"code": "custom.third_party_elsewhere", "detail": {"destination": input.destination}} if {
	not input.credential_presented
	_reachable
	not input.destination in _reachable
}

# METADATA
# description: nobody knows for long who is at the other end
# scope: document
session_limits contains 600 if not input.credential_presented

_reachable := data.third_party[input.device_class]
