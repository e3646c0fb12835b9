# reasons: { custom.told: { severity: deny, text: It is told., remediation: Nothing. } }
package example

deny contains {"code": "custom.told"} if input.device_id == "a"

deny contains _reason("credential.expired", {"network": "network.of.the.plant"}) if input.device_id == "c"

deny contains {"code": code} if some code in input.credential_findings

deny contains _reason(finding.code, {}) if some finding in input.firmware_findings

deny contains _reason("credential.expired", {"country": _countries[0].code}) if input.device_id == "i"

_countries := [{"code": "FR", "name": "France"}]

_reason(code, detail) := {"code": code, "detail": detail}
