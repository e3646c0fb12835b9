import { parseCertificate } from '../../src/identity/parse.ts';
import { addHold, liftHold } from '../../src/revocation/holds/edit.ts';
import { holdKinds, type HoldKind } from '../../src/revocation/holds/types.ts';
import type { Store } from '../../src/store/types.ts';
import { authority, fleetTime, leaf, moment } from './case-certificates.ts';
import type { DescribedHold } from './case-types.ts';

const hour = 3_600_000;

/** Adds a case's hold as the command line does, an hour before `fleetTime`, and lifts it again where the case says so. */
export async function addDescribedHold(store: Store, words: DescribedHold): Promise<void> {
  const kind = holdKinds.find((one) => words[one] !== undefined);
  if (kind === undefined) throw new Error('a hold holds something');
  const { tenant = 'default', until, issued_before: before, lifted } = words;
  const { hold_id: holdId } = addHold(store, {
    tenant,
    kind,
    value: await valueOf(kind, words[kind] as string),
    name: words[kind],
    until: until === undefined ? null : moment(until, fleetTime),
    ...(before !== undefined && { issuedBefore: moment(before, fleetTime) }),
    who: 'night shift',
    why: 'case 17',
    now: fleetTime - hour,
  });
  if (lifted) {
    const now = fleetTime - hour / 2;
    liftHold(store, { tenant, holdId, who: 'day shift', why: 'case 17 is closed', now });
  }
}

/** `$name` stands for a certificate of the fleet, `@name` for an authority, by whichever digest the kind holds. */
async function valueOf(kind: HoldKind, text: string): Promise<string> {
  if (!/^[$@]/.test(text)) return text;
  const named = text.slice(1);
  const { der } = await (text.startsWith('$') ? leaf(named) : authority(named));
  const { fingerprint, keyDigest } = parseCertificate(der);
  return kind === 'certificate' ? fingerprint : keyDigest;
}
