# METADATA
# title: Rules
# description: >-
#   Holds nothing but the types of the input, for every package below `rules`: a field that schemas/input.json does not
#   have, or one that is compared with another kind of value, is an error of `opa check --schema schemas`.
# scope: subpackages
# schemas:
#   - input: schema.input
package rules
