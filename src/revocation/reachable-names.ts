import type { Certificate } from '../identity/types.ts';

type Known = WeakMap<Certificate, ReadonlySet<string>>;

const known = new WeakMap<readonly Certificate[], Known>();

/**
 * The names (comparison keys) from whose certificates a path to an anchor may lead, by names alone: that of the anchor,
 * and of whoever one of these certificates certifies under such a name. Whatever was issued under another name has no
 * path, and no signature needs to be looked at for that. Worked out once for each array and anchor.
 */
export function reachableNames(
  certificates: readonly Certificate[],
  anchor: Certificate,
): ReadonlySet<string> {
  let own = known.get(certificates);
  if (own === undefined) known.set(certificates, (own = new WeakMap()));
  let names = own.get(anchor);
  if (names === undefined) own.set(anchor, (names = namesBelow(certificates, anchor)));
  return names;
}

function namesBelow(certificates: readonly Certificate[], anchor: Certificate): ReadonlySet<string> {
  const byIssuer = Map.groupBy(certificates, ({ issuer }) => issuer.key);
  const names = new Set([anchor.subject.key]);
  // A set goes on to what is added to it while it is gone through.
  for (const name of names) for (const { subject } of byIssuer.get(name) ?? []) names.add(subject.key);
  return names;
}
