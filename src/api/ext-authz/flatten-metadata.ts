import { Refusal } from '../../context/refusal.ts';
import type { WireStruct, WireValue } from './wire.ts';

/** Levels of nesting that are followed; deeper metadata is a refusal. */
const maxDepth = 16;

/**
 * Envoy's dynamic metadata as `namespace:key.key` → text of strings, numbers and booleans; places in lists are keys
 * (`roles.0`), null is absent. Two entries that flatten to the same name are a refusal: it would be open which counts.
 */
export function flattenMetadata(
  namespaces: Readonly<Record<string, WireStruct>>,
): ReadonlyMap<string, string> | Refusal {
  const flat = new Map<string, string>();
  for (const [namespace, struct] of Object.entries(namespaces)) {
    for (const [key, value] of Object.entries(struct.fields ?? {})) {
      const problem = flatten(flat, `${namespace}:${key}`, value, 1);
      if (problem) return problem;
    }
  }
  return flat;
}

function flatten(
  flat: Map<string, string>,
  name: string,
  value: WireValue,
  depth: number,
): Refusal | undefined {
  if (depth > maxDepth) return new Refusal('metadata', 'is nested too deeply');
  const children = childrenOf(value);
  if (children) {
    for (const [key, child] of children) {
      const problem = flatten(flat, `${name}.${key}`, child, depth + 1);
      if (problem) return problem;
    }
    return undefined;
  }
  const text = value.stringValue ?? value.numberValue ?? value.boolValue;
  if (text === undefined) return undefined;
  if (flat.has(name)) return new Refusal('metadata', 'has two values under one name');
  flat.set(name, String(text));
  return undefined;
}

function childrenOf(value: WireValue): readonly (readonly [string | number, WireValue])[] | undefined {
  if (value.structValue) return Object.entries(value.structValue.fields ?? {});
  if (value.listValue) return [...(value.listValue.values ?? []).entries()];
  return undefined;
}
