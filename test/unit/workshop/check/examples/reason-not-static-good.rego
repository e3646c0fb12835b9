# reasons: { custom.plant_a: { severity: deny, text: It is plant A., remediation: Nothing. } }
package example

deny contains {"code": "custom.plant_a"} if input.pep == "a"
