import { formatInstant } from '../../lib/clock.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { listInForce, type ListedCrl, type ListedEntry } from '../../revocation/list-entries.ts';
import { loadAuthorities, type Authorities } from '../../server/loaded.ts';
import { listAuthorities } from '../authorities.ts';
import type { CommonOptions } from '../command.ts';
import type { Session } from '../session.ts';
import { withStore } from '../with-store.ts';
import type { AskedEntries } from './show-file.ts';
import type { ShownCrl, ShownEntry } from './shown.ts';

/** Shows the CRLs in force of one CA. Throws PDP_NOT_FOUND where there is no such CA, or no CRL of it. */
export async function showInForce(
  name: string,
  asked: AskedEntries,
  options: CommonOptions,
  session: Session,
): Promise<ShownCrl[]> {
  const config = session.config(options.config);
  const key = issuerKey(name, loadAuthorities(config));
  const listed = await withStore(config, 'read_only', session.around.clock, (store) =>
    listInForce(store, key, asked),
  );
  if (listed.length === 0) throw notFound(`no CRL of "${name}" is in force; import one`);
  return listed.map(shown);
}

/** The key of a configured CA by its name, else the name itself, which is to be one. */
function issuerKey(name: string, { trust, pepCas }: Authorities): string {
  const all = [...listAuthorities(trust), ...pepCas];
  const found = all.find((one) => one.name === name);
  if (found) return found.certificate.keyDigest;
  if (/^[0-9a-f]{64}$/i.test(name)) return name.toLowerCase();
  throw notFound(
    `"${name}" is neither a file nor a configured CA (${all.map((one) => one.name).join(', ')})`,
  );
}

function shown({ crl, entries }: ListedCrl): ShownCrl {
  return {
    source: crl.source,
    issuer: crl.issuerName,
    issuer_key: crl.issuerKey,
    version: 2,
    number: crl.number ?? null,
    base_number: crl.baseNumber ?? null,
    this_update: formatInstant(crl.thisUpdate),
    next_update: formatInstant(crl.nextUpdate),
    digest: crl.digest,
    bytes: null,
    signature_algorithm: null,
    authority_key_id: null,
    scope: crl.scope || null,
    unknown_critical: [],
    entries_total: crl.entries,
    entries: entries.map(shownEntry),
  };
}

function shownEntry({ serial, revokedAt, reason, ofOther }: ListedEntry): ShownEntry {
  return { serial, revoked_at: formatInstant(revokedAt), reason, issuer: ofOther ? 'another' : null };
}

function notFound(message: string): PortreeveError {
  return new PortreeveError('PDP_NOT_FOUND', message);
}
