import type { Config } from '../config/types.ts';
import { contains, parseAddress, parseNetwork } from '../lib/ip-network.ts';
import type { IpNetwork } from '../lib/ip-network.ts';
import type { PolicyInput } from '../policy/types.ts';
import type { Facts } from './types.ts';

/** What of a device's class the comparisons need. */
export type ComparedRules = Pick<Config['classes'][string], 'networks' | 'renew_by_share'>;

/** Seconds, as the input has them. */
export type CompareTimes = Pick<
  PolicyInput,
  'now_s' | 'certificate_age_s' | 'lifetime_s' | 'renewal_expected_by_s'
>;

const nothing: readonly never[] = [];

/**
 * By what the certificate's renewal is overdue: the share of its life that the class sets, or the time in the device's
 * record, for a certificate that is valid from before that time; one that is valid from after it is the renewed one.
 */
export function renewalOverdue(
  { now_s: now, certificate_age_s: age, lifetime_s: life, renewal_expected_by_s: expected }: CompareTimes,
  rules: Pick<ComparedRules, 'renew_by_share'> | undefined,
): PolicyInput['renewal_overdue'] {
  if (age === null) return nothing;
  const share = rules?.renew_by_share ?? null;
  const byClass = share !== null && life !== null && life > 0 && age >= share * life;
  const byDevice = expected !== null && now >= expected && now - age < expected;
  if (!byClass && !byDevice) return nothing;
  return [...(byClass ? (['class'] as const) : []), ...(byDevice ? (['device'] as const) : [])];
}

/**
 * Whose list of networks the source is outside of. A list that names none lets every source pass; no address is outside
 * every other one.
 */
export function sourceOutside(
  { connection, device, pep }: Pick<Facts, 'connection' | 'device' | 'pep'>,
  rules: Pick<ComparedRules, 'networks'> | undefined,
): PolicyInput['source_outside'] {
  const { source_ip: address } = connection;
  const inClass = isWithin(rules?.networks ?? nothing, address);
  const inDevice = isWithin(device?.networks ?? nothing, address);
  const inPep = isWithin(pep.networks, address);
  if (inClass && inDevice && inPep) return nothing;
  return [
    ...(inClass ? [] : (['class'] as const)),
    ...(inDevice ? [] : (['device'] as const)),
    ...(inPep ? [] : (['pep'] as const)),
  ];
}

/** A list as it was read, and what was lately asked of it. */
interface ReadList {
  readonly networks: readonly IpNetwork[];
  readonly asked: Map<string, boolean>;
}

/** Lists live as long as the configuration or the remembered record that they are of. */
const lists = new WeakMap<readonly string[], ReadList>();
const mostAsked = 1024;

/** Texts that are no CIDR contain nothing. */
function isWithin(texts: readonly string[], address: string | null): boolean {
  if (texts.length === 0) return true;
  if (address === null) return false;
  const list = readList(texts);
  const known = list.asked.get(address);
  if (known !== undefined) return known;
  const source = parseAddress(address);
  const within = source !== undefined && list.networks.some((network) => contains(network, source));
  if (list.asked.size >= mostAsked) list.asked.clear();
  list.asked.set(address, within);
  return within;
}

function readList(texts: readonly string[]): ReadList {
  const known = lists.get(texts);
  if (known) return known;
  const networks = texts.flatMap((text) => (text.includes('/') ? (parseNetwork(text) ?? []) : []));
  const list = { networks, asked: new Map<string, boolean>() };
  lists.set(texts, list);
  return list;
}
