package example

deny contains {"code": "policy.denied"} if input.devise_id == "a" # finding: opa
