# METADATA
# title: The decision
# description: >-
#   Asks every rule below `rules/` and makes one answer of what they say. A rule is a folder with a package
#   `rules.<name>`; there is no list to enter it into. It may say `deny` (reasons that keep the device out), `tell`
#   (reasons that only tell), `entitlements`, `session_limits` and `ttls` (seconds; the least counts).
# schemas:
#   - input: schema.input
package portreeve

# METADATA
# description: allow or deny with all reasons and, on allow, what comes with it
# entrypoint: true
decision := _answer(true, sort(_entitlements), _least(_session_limits), min(_ttls)) if {
	count(_denials) == 0

	# Nobody denied, and somebody granted: a policy whose rules got lost allows nothing.
	count(_ttls) > 0
} else := _answer(false, [], null, null)

_answer(allow, entitlements, session_limit_s, ttl_s) := {
	"allow": allow,
	"reasons": (_denials | _remarks),
	"entitlements": entitlements,
	"headers": {},
	"session_limit_s": session_limit_s,
	"ttl_s": ttl_s,
}

_denials contains _told(reason) if some reason in data.rules[_].deny

_remarks contains _told(reason) if some reason in data.rules[_].tell

# No answer holds null: a detail of which there is nothing to say is left out.
_told(reason) := {
	"code": reason.code,
	"detail": {name: value |
		some name, value in object.get(reason, "detail", {})
		value != null
	},
}

_entitlements contains entitlement if some entitlement in data.rules[_].entitlements

_session_limits contains limit if some limit in data.rules[_].session_limits

_ttls contains ttl if some ttl in data.rules[_].ttls

# No limit at all where nobody set one.
_least(limits) := min(limits) if count(limits) > 0

_least(limits) := null if count(limits) == 0
