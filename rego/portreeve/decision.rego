# METADATA
# title: The decision
# description: >-
#   Only routes: asks every rule for its reasons and lets the result helper make the one answer of them. A rule
#   that is not named here does not count.

# METADATA
# scope: subpackages
# schemas:
#   - input: schema.input
package portreeve

import data.portreeve.assurance
import data.portreeve.attestation
import data.portreeve.binding
import data.portreeve.credential
import data.portreeve.entitlements
import data.portreeve.firmware
import data.portreeve.gateway
import data.portreeve.identity
import data.portreeve.inventory
import data.portreeve.lifetime
import data.portreeve.network
import data.portreeve.renewal
import data.portreeve.result

# METADATA
# description: allow or deny with all reasons and, on allow, what comes with it
# entrypoint: true
decision := result.verdict(_reasons, entitlements.grants)

_reasons contains reason if some reason in credential.reasons

_reasons contains reason if some reason in identity.reasons

_reasons contains reason if some reason in lifetime.reasons

_reasons contains reason if some reason in renewal.reasons

_reasons contains reason if some reason in inventory.reasons

_reasons contains reason if some reason in binding.reasons

_reasons contains reason if some reason in firmware.reasons

_reasons contains reason if some reason in attestation.reasons

_reasons contains reason if some reason in assurance.reasons

_reasons contains reason if some reason in gateway.reasons

_reasons contains reason if some reason in network.reasons
