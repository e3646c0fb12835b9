import { limits } from './limits.ts';
import type { Claims } from './map-claims.ts';
import { Refusal } from './refusal.ts';
import { checkText, optionalText } from './text.ts';
import type { AuthenticatedBy, PresentedCredential, RawConnection } from './types.ts';

export interface Authentication {
  readonly by: AuthenticatedBy;
  readonly gateway?: string;
}

/** Context extensions by which the proxy's own configuration (never its clients) speaks of a gateway. */
export const authenticatedByExtension = 'portreeve.authenticated_by';
export const gatewayExtension = 'portreeve.gateway';

/**
 * How the device was authenticated, and by which gateway.
 *
 * Native: what the request says, as far as it agrees with itself. Nothing said, and a chain where nobody
 * was authenticated, are refusals; a device said to be authenticated by TLS without any certificate is `none`.
 *
 * ext_authz: a claimed device id beside the device's own certificate is only a claim, compared with the id that the
 * certificate proves. A gateway asserts another device in two ways only: the proxy's configuration says so with the
 * context extension `portreeve.authenticated_by: gateway` (any certificate is then the gateway's own), or a PEP that
 * may assert devices sends a claimed device id and no certificate. `portreeve.gateway` may name the gateway; without it
 * the gateway is whom its certificate names, else the PEP.
 */
export function readAuthentication(
  raw: RawConnection,
  credential: PresentedCredential | undefined,
  claims: Claims,
): Authentication | Refusal {
  return raw.door === 'native'
    ? fromRequest(raw, credential)
    : fromProxy(raw, credential !== undefined, claims.device_id !== undefined);
}

function fromRequest(
  raw: RawConnection,
  credential: PresentedCredential | undefined,
): Authentication | Refusal {
  const gateway = optionalText('gateway', raw.gateway, limits.idText);
  if (gateway instanceof Refusal) return gateway;
  const named = gateway === undefined ? {} : { gateway };
  switch (raw.authenticatedBy) {
    case 'device_tls':
      return { by: credential ? 'device_tls' : 'none', ...named };
    case 'gateway_asserted':
      return { by: 'gateway_asserted', ...named };
    case 'none':
      if (credential) return new Refusal('authenticated_by', 'is none, yet a certificate chain came');
      return { by: 'none', ...named };
    case undefined:
      return new Refusal('authenticated_by', 'is unspecified');
  }
}

function fromProxy(raw: RawConnection, certified: boolean, claimed: boolean): Authentication | Refusal {
  const said = raw.contextExtensions?.get(authenticatedByExtension);
  const named = raw.contextExtensions?.get(gatewayExtension);
  if (said !== undefined && said !== 'gateway' && said !== 'device') {
    return new Refusal(`context_extensions.${authenticatedByExtension}`, 'is neither gateway nor device');
  }
  if (named !== undefined) {
    const malformed = checkText(`context_extensions.${gatewayExtension}`, named, limits.idText);
    if (malformed) return malformed;
  }
  const gateway = named === undefined ? {} : { gateway: named };
  const asserts = said === undefined && !certified && claimed && raw.pep.may_assert_devices;
  if (said === 'gateway' || asserts) return { by: 'gateway_asserted', ...gateway };
  return { by: certified ? 'device_tls' : 'none', ...gateway };
}
