package example

deny contains {"code": "policy.denied", "detail": {"text": text}} if {
	text := sprintf("%v", [input.pep]) # finding: unsupported-builtin
	time.now_ns() > 5 # finding: unsupported-builtin
}

deny contains {"code": "policy.denied", "detail": {"text": text}} if {
	text := concat("", [lower(x) | some x in ["A"]; regex.replace(x, "a", "b") == "b"]) # finding: unsupported-builtin
}

deny contains {"code": "policy.denied", "detail": {"text": $"as {input.pep}"}} # finding: unsupported-builtin

deny contains {"code": "policy.denied"} if {
	every name in ["a"] {
		crypto.sha256(name) == input.pep # finding: unsupported-builtin
	}
}

_stamp(text) := hex.encode(text) # finding: unsupported-builtin

deny contains {"code": "policy.denied"} if _stamp("a") == input.pep
