# reasons: { custom.forgotten: { severity: warn, text: It is forgotten., remediation: Nothing. } }
# at policy.yaml: unused-reason
package example

deny contains {"code": "policy.denied"} if input.device_id == "a"
