import type { ConnectionContext } from '../../context/types.ts';
import { ExtensionList } from '../../identity/extension-list.ts';
import type { Certificate, CertificationPath, IdentityResolver, TrustSet } from '../../identity/types.ts';
import type { SeenCertificate, SeenFirmware } from '../../inventory/observed/types.ts';
import type { DeviceRecord } from '../../inventory/types.ts';
import type { Pep } from '../../context/types.ts';

/** A connection as the device would make it, by what is known of it, and what had to be taken for granted. */
export interface Presumed {
  readonly context: ConnectionContext;
  /** Answers the certificate that the device was seen with, as far as it is known. */
  readonly identity: IdentityResolver | undefined;
  readonly assumptions: readonly string[];
}

export interface Known {
  readonly tenant: string;
  readonly deviceId: string;
  readonly device: DeviceRecord | undefined;
  /** The latest first. */
  readonly seen: readonly SeenCertificate[];
  readonly firmware: readonly SeenFirmware[];
  readonly pep: Pep;
  readonly trust: TrustSet;
}

/**
 * Presumes the next connection of a device: with the certificate that it was last seen with; else by the word of its
 * first gateway; else without any. Firmware and network are those that were seen last, or the first that its record
 * names. Whatever is presumed is told.
 */
export function presumeConnection(known: Known): Presumed {
  const { tenant, deviceId, device, seen, pep } = known;
  const assumptions: string[] = [`${pep.name} asks`];
  const firmware = presumedFirmware(known, assumptions);
  const sourceIp = presumedAddress(known, assumptions);
  const context = {
    ...{ tenant, door: 'native' as const, pep, custom: {} },
    claims: { device_id: deviceId, ...(firmware !== undefined && { firmware_hash: firmware }) },
    ...(sourceIp !== undefined && { sourceIp }),
  };
  const [latest] = seen;
  const path = latest && presumedPath(latest, known.trust);
  if (latest && path) {
    assumptions.push(
      `it shows the certificate that it was last seen with (${latest.fingerprint}), which is not at hand: its signature, names and extensions are taken to hold, and notBefore is taken to be when it was first seen`,
    );
    const { fingerprint: key } = latest;
    return {
      context: {
        ...context,
        authenticatedBy: 'device_tls',
        credential: { key, source: 'peer_chain', material: { form: 'der', chain: [] } },
      },
      identity: presumedResolver(deviceId, path),
      assumptions,
    };
  }
  const [gateway] = device?.gateways ?? [];
  if (gateway !== undefined) {
    assumptions.push(`${gateway}, the first gateway of its record, speaks for it by the word of ${pep.name}`);
    return {
      context: { ...context, authenticatedBy: 'gateway_asserted', gateway },
      identity: undefined,
      assumptions,
    };
  }
  assumptions.push(
    latest
      ? 'it shows no certificate: the CA of the one that it was last seen with is not configured'
      : 'it shows no certificate: none has been seen',
  );
  return { context: { ...context, authenticatedBy: 'none' }, identity: undefined, assumptions };
}

function presumedFirmware({ device, firmware }: Known, assumptions: string[]): string | undefined {
  const [seen] = firmware.toSorted((a, b) => b.seen_at - a.seen_at);
  const hash = seen?.firmware_hash ?? device?.firmware[0];
  if (hash === undefined) assumptions.push('it states no firmware');
  else
    assumptions.push(
      `it states firmware ${hash}, ${seen ? 'as it was seen with' : 'the first of its record'}`,
    );
  return hash;
}

function presumedAddress({ device, seen }: Known, assumptions: string[]): string | undefined {
  const network = seen[0]?.network ?? device?.networks[0];
  const address = network?.split('/')[0];
  if (address === undefined) assumptions.push('its address is not told');
  else assumptions.push(`it comes from ${address}, of the network ${network ?? ''}`);
  return address;
}

/** The path of a certificate that is not at hand, from the configured CA that issued it; undefined without that CA. */
function presumedPath(seen: SeenCertificate, trust: TrustSet): CertificationPath | undefined {
  const cas = [...trust.anchors, ...trust.intermediates].map(({ certificate }) => certificate);
  const issuer = cas.find(({ keyDigest }) => keyDigest === seen.issuer_key);
  if (issuer === undefined) return undefined;
  // A device is no CA: lists that are about CAs alone say nothing of it, and those about all but CAs do.
  const { basicConstraints: _ca, ...others } = issuer;
  const leaf: Certificate = {
    ...others,
    ...{ fingerprint: seen.fingerprint, keyDigest: seen.key, serial: seen.serial, issuer: issuer.subject },
    ...{ notBefore: seen.first_seen, notAfter: seen.not_after, extensions: new ExtensionList([]) },
  };
  const chain: Certificate[] = [leaf];
  for (let next: Certificate | undefined = issuer; next && chain.length < 10;) {
    const current: Certificate = next;
    chain.push(current);
    const anchor = trust.anchors.find(({ certificate }) => certificate.fingerprint === current.fingerprint);
    if (anchor) return { certificates: chain, anchor };
    next = cas.find((ca) => ca.subject.key === current.issuer.key && ca.fingerprint !== current.fingerprint);
  }
  return undefined;
}

function presumedResolver(deviceId: string, path: CertificationPath): IdentityResolver {
  const resolved = {
    ...{ leaf: path.certificates[0] as Certificate, paths: [path], findings: [], identityFindings: [] },
    identity: { id: deviceId, scheme: path.anchor.profile.kind },
  };
  return { resolve: () => resolved, stats: () => [] };
}
