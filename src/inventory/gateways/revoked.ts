import type { Store } from '../../store/types.ts';
import { delegationKey, delegationText } from './table.ts';
import type { DelegationDraft } from './types.ts';

/** `changes.kind` of what commands do. */
export const delegateKind = 'gateway.delegate';
export const revokeKind = 'gateway.revoke';

/** The detail of both kinds: a delegation, or what was taken back: how many, the first of them, and what was named. */
interface Told extends Omit<DelegationDraft, 'until'> {
  readonly revoked?: number;
  readonly delegations?: readonly string[];
  readonly of?: Partial<Omit<DelegationDraft, 'gateway' | 'until'>>;
}

/** Whether a command has taken back what would be delegated, and none has delegated it since. */
export function isRevoked(store: Store, tenant: string, draft: DelegationDraft): boolean {
  const key = delegationKey(draft).join('\0');
  const text = delegationText(draft);
  const edits = store
    .prepare<{ kind: string; detail: string }>(
      'SELECT kind, detail FROM changes WHERE selector = ? AND tenant = ? AND kind IN (?, ?) ORDER BY epoch DESC',
    )
    .iterate(draft.gateway, tenant, delegateKind, revokeKind);
  for (const { kind, detail } of edits) {
    const told = JSON.parse(detail) as Told;
    if (kind === delegateKind) {
      if (delegationKey(told).join('\0') === key) return false;
    } else if (told.delegations?.includes(text) === true || isAmongMore(told, draft)) return true;
  }
  return false;
}

/** Of more than are told by name, whatever was named counts. */
function isAmongMore({ revoked = 0, delegations = [], of }: Told, draft: DelegationDraft): boolean {
  if (revoked <= delegations.length || of === undefined) return false;
  return (['device_id', 'class', 'site'] as const).every(
    (field) => of[field] === undefined || of[field] === draft[field],
  );
}
