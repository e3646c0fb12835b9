# METADATA
# title: Canary
# description: >-
#   Of a class that is being rolled out, a share of the devices may connect. Which ones follows from their ids alone: who is
#   in stays in while the share grows, through renewals and at every server.
package rules.canary

# METADATA
# description: not_rolled_out for devices beyond the share
# scope: document
deny contains {"code": "custom.not_rolled_out", "detail": {"class": input.device_class, "share": _rollout.share}} if {
	_rollout != null
	not _first
	not _within_share
}

# Null for classes that are not being rolled out.
_rollout := object.get(data.canary, input.device_class, null)

_first if input.device_id in _rollout.first

_within_share if {
	is_string(input.device_id)
	_place < _rollout.share
}

# A place from 0 to 99: the engine has no hash function, and this needs no good one. The weights are primes, so that ids
# that differ in one digit do not end up side by side.
_place := sum([value |
	some at, character in split(lower(input.device_id), "")
	value := indexof(_alphabet, character) * _weights[at % 8]
]) % 100

# What is not in it counts as -1.
_alphabet := "0123456789abcdefghijklmnopqrstuvwxyz-._:/"

_weights := [37, 71, 13, 89, 53, 29, 97, 61]
