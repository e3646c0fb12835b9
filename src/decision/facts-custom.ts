import type { Config } from '../config/types.ts';
import type { ConnectionContext, FactOrigin } from '../context/types.ts';
import { limits } from '../context/limits.ts';
import type { DeviceRecord } from '../inventory/types.ts';
import type { Facts } from './types.ts';

/**
 * Custom facts of a connection: what its context carries, then the inventory's columns that the configuration maps,
 * by name, at most as many as the limit. A column that the record does not have gives no fact.
 */
export function customFacts(
  context: ConnectionContext,
  device: DeviceRecord | undefined,
  mapped: Config['custom'],
): Facts['custom'] {
  const facts: Record<string, { value: string; origin: FactOrigin }> = { ...context.custom };
  if (device) {
    for (const [name, source] of Object.entries(mapped)) {
      const value = 'inventory' in source ? column(device, source.inventory) : undefined;
      if (value !== undefined) facts[name] = { origin: 'inventory', value };
    }
  }
  const names = Object.keys(facts).sort().slice(0, limits.customFacts);
  return Object.fromEntries(
    names.map((name) => [name, facts[name] as { value: string; origin: FactOrigin }]),
  );
}

/** Text of a column: one of the record's own, else one of its further attributes. */
function column(device: DeviceRecord, name: string): string | undefined {
  switch (name) {
    case 'device_id':
    case 'status':
    case 'class':
    case 'owner':
    case 'site':
    case 'serial':
    case 'hardware_model':
    case 'key_protection':
      return device[name];
    default:
      return Object.hasOwn(device.attributes, name) ? device.attributes[name] : undefined;
  }
}
