# at rego/example.rego:9: ignore-without-reason
# at rego/example.rego:13: ignore-without-reason
# at rego/example.rego:15: ignore-without-reason
package example

# No reason is given, so that it does not count.
deny contains {"code": "policy.denied"} if {
	input.device_id == "a"
	# portreeve ignore: undefined-swallows-deny
	input.custom.line.value == "7" # finding: undefined-swallows-deny
}

deny contains {"code": "policy.denied"} if input.device_id == "b" # portreeve ignore: no-such-rule: as I like it

deny contains {"code": "policy.denied"} if input.device_id == "c" # portreeve ignore: unused-reason: nothing is here
