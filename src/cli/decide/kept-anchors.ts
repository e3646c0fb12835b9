import { keptInAny } from '../../audit/kept.ts';
import type { Config } from '../../config/types.ts';
import type { Difference } from '../../decision/differences.ts';
import type { Versions } from '../../decision/types.ts';
import type { TrustSet } from '../../identity/types.ts';
import { anchorsDigest, loadAuthorities } from '../../server/loaded.ts';
import { unlessOther } from './unless-other.ts';

/** The CAs of a recorded decision, made again from what was kept. */
export interface KeptAnchors {
  readonly trust: TrustSet | undefined;
  readonly missing: readonly string[];
  /** Where text, certificates and configuration were kept and do not belong together. */
  readonly differences: readonly Difference[];
}

/**
 * The anchors that `versions.anchors` names: its kept text says which certificates, these and the kept configuration
 * make the set, and the set must have the digest that is recorded.
 */
export function keptAnchors(
  versions: Versions,
  config: Config | undefined,
  folders: readonly string[],
): KeptAnchors {
  const { anchors: digest } = versions;
  const text = keptInAny(folders, digest);
  const listed = text && unlessOther(() => listedCertificates(new TextDecoder().decode(text)));
  if (!listed) return without([`anchors ${digest}`]);
  const kin = listed.map(({ certificate }) => ({ certificate, der: keptInAny(folders, certificate) }));
  const lost = kin.filter(({ der }) => !der).map(({ certificate }) => `certificate ${certificate}`);
  if (!config || lost.length > 0) return without(lost);
  const { anchors, intermediates, pep_cas: pepCas } = config.trust;
  const entries = [...anchors, ...intermediates, ...pepCas];
  const files = new Map(entries.map(({ file }, place) => [file, kin[place]?.der ?? new Uint8Array()]));
  const authorities = unlessOther(() => loadAuthorities(config, files));
  const again = authorities && anchorsDigest(authorities);
  if (again === digest) return { trust: authorities?.trust, missing: [], differences: [] };
  const other = again ?? 'none that the configuration allows';
  return { ...without([]), differences: [{ path: 'versions.anchors', recorded: digest, replayed: other }] };
}

function without(missing: readonly string[]): KeptAnchors {
  return { trust: undefined, missing, differences: [] };
}

interface Listed {
  readonly certificate: string;
}

/** Fingerprints in the order of the configuration. The text is this program's own, and its digest was checked. */
function listedCertificates(text: string): readonly Listed[] {
  const {
    anchors,
    intermediates,
    pep_cas: pepCas,
  } = JSON.parse(text) as Record<'anchors' | 'intermediates' | 'pep_cas', readonly Listed[]>;
  return [...anchors, ...intermediates, ...pepCas];
}
