package example

deny contains {"code": "policy.denied"} if {
	# portreeve ignore: undefined-swallows-deny: who has no line is not meant
	input.custom.line.value == "7"
}

deny contains {"code": "policy.denied"} if input.custom.row.value == "7" # portreeve ignore: undefined-swallows-deny: as above
