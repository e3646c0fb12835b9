import { networkOf } from '../inventory/observed/trail.ts';
import type { SharingRules } from '../inventory/observed/trail.ts';
import type { Facts } from './types.ts';

/** Where a connection came in: the gateway that takes part, else the enforcement point. */
export interface Place {
  readonly gateway: string;
  /** CIDR by the configured prefix; null where no address was told. */
  readonly network: string | null;
}

/**
 * The place that a use of a key counts for. Enforcement points of one site are one place: which of them a device reaches
 * is the load balancer's choice.
 */
export function placeOf(
  {
    pep,
    connection,
    gateway,
  }: Pick<Facts, 'pep' | 'connection'> & { readonly gateway: { id: string } | null },
  prefixes: Pick<SharingRules, 'ipv4_prefix' | 'ipv6_prefix'>,
): Place {
  return {
    gateway: gateway?.id ?? pep.site ?? pep.name,
    network: networkOf(connection.source_ip, prefixes),
  };
}
