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

/** How a gateway's certificate is bound by the gateway's own record, and what that lets no policy believe. */
export interface GatewayBinding {
  /** End of the window that holds; null where it has none, or nothing holds. */
  readonly until: EpochMs | null;
  readonly findings: readonly Finding[];
}

/** What a gateway's own certificate is judged by. */
export interface Voucher {
  readonly id: string;
  /** The certificate is valid, not revoked, and names this very gateway. */
  readonly proved: boolean;
}

const ranks: Readonly<Record<JudgedBinding['binding'], number>> = {
  ended: 0,
  none: 0,
  issuer: 1,
  key: 2,
  certificate: 3,
};

/**
 * A gateway's certificate vouches for nobody where the gateway could not connect with it as a device: it is outside its
 * record's window, or its anchor or its binding is not what the gateway's class asks for. Else whoever has any certificate
 * with a gateway's name would speak for all of its children. Call within one `store.snapshot`.
 */
export function gatewayBinding(
  { authenticatedBy, tenant }: Pick<ConnectionContext, 'authenticatedBy' | 'tenant'>,
  credential: CredentialFacts | undefined,
  gateway: Voucher | undefined,
  now: EpochMs,
  { inventory, config: { classes } }: Pick<DecisionDeps, 'inventory' | 'config'>,
): GatewayBinding {
  const nothing = { until: null, findings: [] };
  if (authenticatedBy !== 'gateway_asserted' || !credential || gateway === undefined) return nothing;
  const record = inventory.device(tenant, gateway.id);
  if (record === undefined) return nothing;
  const connection = { authenticated_by: 'device_tls' as const };
  const bound = bindingFact({ connection, credential, device: record, now }, classes);
  const untrusted = (because: string, detail: Finding['detail'] = {}): Finding => ({
    code: 'assurance.gateway_untrusted',
    detail: { gateway: gateway.id, because, ...detail },
  });
  const outside = bindingFindings(bound).map(({ detail }) =>
    untrusted("its certificate is outside its record's window", detail),
  );
  if (outside.length > 0 || !gateway.proved) return { until: null, findings: outside };
  const rules = Object.hasOwn(classes, record.class) ? classes[record.class] : undefined;
  if (rules === undefined) return { until: null, findings: [untrusted('its class has no rules')] };
  const findings = [
    ...(credential.anchor !== null && rules.anchors.includes(credential.anchor)
      ? []
      : [untrusted("its certificate's anchor is none of its class", { anchor: credential.anchor ?? '' })]),
    ...(ranks[bound.binding] >= ranks[rules.binding]
      ? []
      : [
          untrusted('its certificate is not bound to it as its class asks for', {
            binding: bound.binding,
            required: rules.binding,
          }),
        ]),
  ];
  return { until: bound.until, findings };
}

/** The end of the window that an allow relies on. */
export function bindingLimits({ binding, until }: JudgedBinding): Facts['limits'] {
  if (until === null || binding === 'ended') return [];
  return [{ because: 'binding of the certificate: until', until }];
}
