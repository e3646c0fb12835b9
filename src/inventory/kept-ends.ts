import type { Store } from '../store/types.ts';
import { ending } from './bind.ts';
import { bindingData, bindingKey, windowOf } from './binding-fields.ts';
import { mostBindings } from './device-fields.ts';
import { decodeDraft, encodeDevice, type DeviceContent } from './device-rows.ts';
import { setBindingsKind } from './edited.ts';
import type { DeviceDraft } from './record.ts';
import type { BoundDigest, IssuedBinding } from './types.ts';

type Bound = BoundDigest | IssuedBinding;

const lists = ['certificates', 'keys', 'issued'] as const;

/**
 * What a source wants of a device, with the bindings that a command has ended as they are now: a list that says what it
 * always said would bind again what an operator has taken from the device. The same object where there are none.
 */
export function keepingEnds(
  store: Store,
  tenant: string,
  deviceId: string,
  current: DeviceContent,
  wanted: DeviceContent,
): DeviceContent {
  // Nearly always there are no windows, and nothing is looked for.
  if (wanted.body === current.body || !current.body.includes('"until"')) return wanted;
  const [now, draft] = [current, wanted].map((row) => decodeDraft({ ...row, device_id: deviceId }));
  if (now === undefined || draft === undefined) return wanted;
  const kept: Partial<Record<(typeof lists)[number], Bound[]>> = {};
  for (const list of lists) {
    const left = leftByEdit(store, tenant, deviceId, list);
    const ended = ((now[list] ?? []) as readonly Bound[]).filter(
      (bound) => windowOf(bound).until !== undefined && left.has(JSON.stringify(bindingData(bound))),
    );
    const merged = ended.reduce<readonly Bound[]>(withEnd, (draft[list] ?? []) as readonly Bound[]);
    if (merged !== draft[list]) kept[list] = merged.toSorted(byKey);
  }
  const content = encodeDevice({ ...draft, ...(kept as Partial<DeviceDraft>) });
  return content.body === wanted.body ? wanted : content;
}

/** With the end of a binding, or with the binding itself where it is not among them and there is room for it. */
function withEnd(list: readonly Bound[], ended: Bound): readonly Bound[] {
  const { until } = windowOf(ended);
  const key = bindingKey(ended);
  if (until === undefined || !list.some((bound) => bindingKey(bound) === key))
    return list.length < mostBindings ? [...list, ended] : list;
  return list.map((bound) => (bindingKey(bound) === key ? ending(bound, until) : bound));
}

function byKey(a: Bound, b: Bound): number {
  return bindingKey(a) < bindingKey(b) ? -1 : 1;
}

interface Edited {
  readonly fields?: readonly { readonly field: string; readonly after: unknown }[];
}

/** The bindings of one list as the last command about them left them, each as JSON. */
function leftByEdit(store: Store, tenant: string, deviceId: string, list: string): ReadonlySet<string> {
  const edits = store
    .prepare<{ detail: string }>(
      'SELECT detail FROM changes WHERE selector = ? AND tenant = ? AND kind = ? ORDER BY epoch DESC',
    )
    .iterate(deviceId, tenant, setBindingsKind);
  for (const { detail } of edits) {
    const found = (JSON.parse(detail) as Edited).fields?.find(({ field }) => field === list);
    if (found)
      return new Set(Array.isArray(found.after) ? found.after.map((one) => JSON.stringify(one)) : []);
  }
  return new Set();
}
