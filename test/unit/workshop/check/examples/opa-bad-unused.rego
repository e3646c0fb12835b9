package example

deny contains {"code": "policy.denied"} if {
	limit := 5 # finding: opa
	input.device_id == "a"
}
