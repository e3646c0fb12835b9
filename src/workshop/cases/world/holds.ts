import type { EpochMs } from '../../../lib/clock.ts';
import { parseCertificate } from '../../../identity/parse.ts';
import { PortreeveError } from '../../../lib/errors.ts';
import { addHold, liftHold } from '../../../revocation/holds/edit.ts';
import { holdKinds, type HoldKind } from '../../../revocation/holds/types.ts';
import type { Store } from '../../../store/types.ts';
import { moment } from '../moment.ts';
import type { CertificateWords, HoldWords } from '../words.ts';
import type { Self } from './devices.ts';

const hour = 3_600_000;
const who = 'policy test';

/** What holds may stand for. */
export interface Held {
  readonly self: (Self & { readonly issuerKey: string | undefined }) | undefined;
  readonly deviceId: string | undefined;
  readonly authorities: ReadonlyMap<string, Uint8Array>;
  readonly tenant: string;
}

/** Adds holds as the command line does, an hour before the decision, and answers what takes them away again. */
export function addHolds(store: Store, all: readonly HoldWords[], held: Held, at: EpochMs): () => void {
  const { tenant } = held;
  const added = all.map((words) => {
    const kind = holdKinds.find((one) => words[one] !== undefined);
    if (kind === undefined) throw new PortreeveError('PDP_CASES_INVALID', 'holds: a hold holds something');
    const until = words.until === undefined ? null : moment(words.until, at, at);
    const { hold_id: holdId } = addHold(store, {
      ...{ tenant, kind, until, who, why: 'the state of a case' },
      value: valueOf(kind, words[kind] as string, held),
      ...(words.issued_before !== undefined && { issuedBefore: moment(words.issued_before, at, at) }),
      now: Math.min(at, until ?? at) - hour,
    });
    const lift = () => void liftHold(store, { tenant, holdId, who, why: 'the case is over', now: at });
    if (words.lifted) lift();
    return words.lifted ? () => undefined : lift;
  });
  return () => added.forEach((lift) => lift());
}

/** The hold that a certificate's words ask for. */
export function holdOf({ hold }: CertificateWords): readonly HoldWords[] {
  if (hold === undefined || hold === false) return [];
  const { on = 'certificate', until } = hold === true ? {} : hold;
  return [{ [on]: 'self', ...(until !== undefined && { until }) }];
}

function valueOf(kind: HoldKind, text: string, { self, deviceId, authorities }: Held): string {
  if (text !== 'self') {
    const authority = kind === 'issuer' ? authorities.get(text) : undefined;
    return authority ? parseCertificate(authority).keyDigest : text;
  }
  const digests: Readonly<Partial<Record<HoldKind, string | undefined>>> = {
    certificate: self?.fingerprint,
    key: self?.keyDigest,
    issuer: self?.issuerKey,
    device: deviceId,
  };
  const value = digests[kind];
  if (value !== undefined) return value;
  throw new PortreeveError(
    'PDP_CASES_INVALID',
    `holds: ${kind}: self stands for nothing that the case presents`,
  );
}
