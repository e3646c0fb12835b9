# reasons: { custom.plant_a: { severity: deny, text: It is plant A., remediation: Nothing. } }
package example

deny contains {"code": concat("", ["custom.plant_", input.pep])} if input.device_id == "a" # finding: reason-not-static reason-not-static

deny contains {"code": data.codes[input.pep]} if data.codes[input.pep] # finding: reason-not-static undefined-swallows-deny
# data: { codes: { a: policy.denied } }
