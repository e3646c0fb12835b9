import type { Config } from '../../config/types.ts';
import type { TrustSet } from '../../identity/types.ts';
import type { LockoutQuestion, LockoutSelector } from '../../inventory/lockout.ts';
import { contains, parseNetwork } from '../../lib/ip-network.ts';
import { configuredCas, type HeldSubject, type NamedCa } from './subject.ts';

/** Whom a hold keeps out, as the inventory can tell, and what it cannot. */
export type HoldLockout = Pick<LockoutQuestion, 'selector' | 'certainty' | 'unknown'>;

interface Around {
  readonly config: Pick<Config, 'classes' | 'peps'>;
  readonly trust: TrustSet;
  readonly tenant: string;
  readonly issuedBefore: number | undefined;
}

/**
 * Works out by what the devices are counted that a hold keeps out: their records, and what they were seen with. Where
 * neither can tell, the number errs on the side that asks: what may stand under a CA or come by an enforcement point is
 * counted as though it did.
 */
export function lockoutOfHold(held: HeldSubject, around: Around): HoldLockout {
  return withSpokenFor(lockoutOf(held, around), around);
}

/** Gateways that are kept out speak for nobody: where a class knows such devices, they count with the class of gateways. */
function withSpokenFor(lockout: HoldLockout, { config }: Around): HoldLockout {
  const { selector, certainty = 'exact', unknown = [] } = lockout;
  const spokenFor = Object.entries(config.classes)
    .filter(([, { assurance }]) => assurance === 'gateway_asserted' || assurance === 'none')
    .map(([name]) => name);
  if (selector.kind !== 'class' || spokenFor.length === 0) return lockout;
  const others = 'devices for which gateways of these classes speak by delegation';
  return {
    selector: { ...selector, spokenFor },
    certainty: certainty === 'exact' ? 'at_least' : certainty,
    unknown: [...unknown, others],
  };
}

function lockoutOf({ kind, value }: HeldSubject, around: Around): HoldLockout {
  switch (kind) {
    case 'class':
      return { selector: { kind, classes: [value] } };
    case 'device':
      return atLeast({ kind, value }, 'devices for which it speaks as a gateway');
    case 'firmware':
      return atLeast(
        { kind, value },
        'which firmware devices run that never told it, or told another version since',
      );
    case 'certificate':
    case 'key': {
      const ca = caOf(kind, value, around.trust);
      if (ca) return underCa([ca], around);
      return atLeast({ kind, value }, 'devices whose record does not name it');
    }
    case 'issuer':
      return underCa(
        configuredCas(around.trust).filter(({ certificate }) => certificate.keyDigest === value),
        around,
        value,
      );
    case 'gateway':
      return byGateway(value, around);
    case 'network':
      return inNetwork(value, around);
  }
}

function atLeast(selector: LockoutSelector, ...unknown: string[]): HoldLockout {
  return { selector, certainty: 'at_least', unknown };
}

function caOf(kind: 'certificate' | 'key', value: string, trust: TrustSet): NamedCa | undefined {
  return configuredCas(trust).find(
    ({ certificate }) => value === (kind === 'key' ? certificate.keyDigest : certificate.fingerprint),
  );
}

/**
 * Devices of the classes that may be identified under the held CAs: by an anchor of theirs, or by the CAs whose
 * certificates bind them. It is exact where a class has no other way.
 */
function underCa(held: readonly NamedCa[], { config, trust, issuedBefore }: Around, value = ''): HoldLockout {
  if (held.length === 0) {
    return atLeast({ kind: 'issuer', value }, 'devices that were not seen with a certificate of its');
  }
  const below = new Set(family(held, trust, (ca, other) => isUnder(other, ca)).map(({ name }) => name));
  const above = new Set(family(held, trust, (ca, other) => isUnder(ca, other)).map(({ name }) => name));
  const classes: string[] = [];
  let exact = issuedBefore === undefined;
  for (const [name, { anchors, issuers, binding }] of Object.entries(config.classes)) {
    const wholly =
      anchors.every((one) => below.has(one)) ||
      (binding === 'issuer' && issuers.length > 0 && issuers.every((one) => below.has(one)));
    const partly =
      [...anchors, ...issuers].some((one) => below.has(one)) ||
      (binding !== 'issuer' && anchors.some((one) => above.has(one)));
    if (!wholly && !partly) continue;
    classes.push(name);
    exact &&= wholly;
  }
  const selector = { kind: 'class' as const, classes };
  if (exact) return { selector };
  const unknown = [
    ...(issuedBefore === undefined ? [] : ['which certificates were issued before that time']),
    'which devices of these classes have certificates of other CAs',
  ];
  return { selector, certainty: 'at_most', unknown };
}

/** The CAs that are reached from some by a relation, those included. */
function family(
  from: readonly NamedCa[],
  trust: TrustSet,
  related: (known: NamedCa, other: NamedCa) => boolean,
): readonly NamedCa[] {
  const known = [...from];
  for (const ca of known) {
    for (const other of configuredCas(trust))
      if (!known.includes(other) && related(ca, other)) known.push(other);
  }
  return known;
}

function isUnder({ certificate: lower }: NamedCa, { certificate: upper }: NamedCa): boolean {
  return lower.issuer.key === upper.subject.key;
}

/** Whatever an enforcement point asks about is held with its name: how much that is, nobody knows. */
function byGateway(value: string, { config, tenant }: Around): HoldLockout {
  const isPep = config.peps.some((pep) => pep.name === value && pep.tenant === tenant);
  if (isPep) {
    const unknown = [`which devices connect by the enforcement point ${value}`];
    return { selector: { kind: 'all' }, certainty: 'at_most', unknown };
  }
  return atLeast(
    { kind: 'gateway', value },
    'devices that were not seen to pass through it and are not enrolled under it alone',
  );
}

function inNetwork(value: string, { config }: Around): HoldLockout {
  const held = parseNetwork(value);
  const within = (cidr: string): boolean => {
    const network = parseNetwork(cidr);
    return held !== undefined && network !== undefined && contains(held, network);
  };
  if (held?.prefix === 0) {
    const unknown = ['which devices connect over the other version of IP'];
    return { selector: { kind: 'all' }, certainty: 'at_most', unknown };
  }
  const classes = Object.entries(config.classes)
    .filter(([, { networks }]) => networks.length > 0 && networks.every(within))
    .map(([name]) => name);
  return atLeast(
    { kind: 'network', within, classes },
    'where devices are that were not seen, and that neither their record nor their class confines to networks',
  );
}
