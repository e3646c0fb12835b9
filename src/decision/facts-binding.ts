import type { Config } from '../config/types.ts';
import type { ConnectionContext } from '../context/types.ts';
import { judgeBinding } from '../inventory/binding.ts';
import type { JudgedBinding } from '../inventory/binding.ts';
import { formatInstant } from '../lib/clock.ts';
import type { EpochMs } from '../lib/clock.ts';
import type { Finding } from '../lib/reason-code.ts';
import type { DecisionDeps } from './deps.ts';
import type { CredentialFacts, Facts } from './types.ts';

/** The facts that a binding is judged by; all of them are recorded. */
export type BoundFacts = Pick<Facts, 'credential' | 'device' | 'now'> & {
  readonly connection: Pick<Facts['connection'], 'authenticated_by'>;
};

const unbound: JudgedBinding = { binding: 'none', by: null, until: null, since: null };

/** How the certificate is bound to the device. Only one that the device itself proved to hold can be. */
export function bindingFact(facts: BoundFacts, classes: Config['classes']): JudgedBinding {
  const { credential, device, now } = facts;
  if (facts.connection.authenticated_by !== 'device_tls' || !credential?.valid || !device) return unbound;
  const { fingerprint, key_digest: keyDigest, serial, issuer, issuer_key: issuerKey } = credential;
  if (fingerprint === null || keyDigest === null || serial === null) return unbound;
  const issuers = Object.hasOwn(classes, device.class) ? (classes[device.class]?.issuers ?? []) : [];
  return judgeBinding(device, { fingerprint, keyDigest, serial, issuer, issuerKey }, issuers, now);
}

/**
 * A certificate (or key) that the record names outside its window counts for nothing, whatever the class asks for: the
 * record speaks of this very one.
 */
export function bindingFindings({ binding, by, until, since }: JudgedBinding): readonly Finding[] {
  if (binding === 'ended' && by !== null && until !== null)
    return [
      { code: 'inventory.superseded_certificate', detail: { bound_by: by, until: formatInstant(until) } },
    ];
  if (since !== null && by !== null)
    return [
      {
        code: 'inventory.cert_not_bound',
        detail: { binding: 'none', bound_by: by, since: formatInstant(since) },
      },
    ];
  return [];
}

/**
 * A gateway's certificate that its own record names outside its window vouches for nobody: after a renewal with overlap
 * the old one is no more the gateway's than a device's would be. Call within one `store.snapshot`.
 */
export function gatewayBindingFindings(
  { authenticatedBy, tenant }: Pick<ConnectionContext, 'authenticatedBy' | 'tenant'>,
  credential: CredentialFacts | undefined,
  gateway: string | undefined,
  now: EpochMs,
  { inventory }: Pick<DecisionDeps, 'inventory'>,
): readonly Finding[] {
  if (authenticatedBy !== 'gateway_asserted' || !credential || gateway === undefined) return [];
  const record = inventory.device(tenant, gateway);
  const connection = { authenticated_by: 'device_tls' as const };
  const bound = bindingFact({ connection, credential, device: record ?? null, now }, {});
  return bindingFindings(bound).map(({ detail = {} }) => ({
    code: 'assurance.gateway_untrusted',
    detail: { gateway, because: "its certificate is outside its record's window", ...detail },
  }));
}

/** The end of the window that an allow relies on. */
export function bindingLimits({ binding, until }: JudgedBinding): Facts['limits'] {
  if (until === null || binding === 'ended') return [];
  return [{ because: 'binding of the certificate: until', until }];
}
