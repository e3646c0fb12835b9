# reasons: { custom.told: { severity: deny, text: It is told., remediation: Nothing. } }
package example

deny contains {"code": "custom.told"} if input.device_id == "a"

deny contains {"code": "custom.tolt"} if input.device_id == "b" # finding: undeclared-reason

deny contains {"code": "credential.expird", "detail": {}} if input.device_id == "c" # finding: undeclared-reason

deny contains _reason("network.source_not_alowed", {}) if input.device_id == "d" # finding: undeclared-reason

deny contains {"code": "lab.only", "detail": {}} if input.device_id == "f" # finding: undeclared-reason

deny contains {"code": "too_old"} if input.device_id == "g" # finding: undeclared-reason

deny contains {"code": "Custom.told"} if input.device_id == "h" # finding: undeclared-reason

deny contains {"code": _code} if input.device_id == "e"

_code := "inventory.unknown_devise" if input.device_known # finding: undeclared-reason opa

_reason(code, detail) := {"code": code, "detail": detail}
