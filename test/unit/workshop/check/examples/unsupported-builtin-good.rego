package example

deny contains {"code": "policy.denied", "detail": {"text": text}} if {
	text := concat(" ", [lower(input.pep), format_int(input.now_s, 10)])
	regex.match("^a", input.pep)
}

# A rule may have the name of a function that is not there.
sprintf(text) := upper(text)

deny contains {"code": "policy.denied"} if sprintf("a") == input.pep
