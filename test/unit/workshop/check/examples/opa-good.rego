package example

deny contains {"code": "policy.denied"} if input.device_id == "a"
