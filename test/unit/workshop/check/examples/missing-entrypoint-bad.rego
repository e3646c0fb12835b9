# entrypoint: portreeve/decisions
# at policy.yaml: missing-entrypoint
package example

deny contains {"code": "policy.denied"} if input.device_id == "a"
