# reasons: { custom.told: { severity: warn, text: It is told., remediation: Nothing. } }
package example

_codes := {"a": "custom.told", "b": "policy.denied"}

deny contains {"code": _codes.a} if input.device_id == "a"
