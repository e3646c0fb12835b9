import { fileURLToPath } from 'node:url';
import type { PolicyInputV1 } from './input-v1.ts';

/**
 * Every version of the policy input that this program writes. A version is added beside those that are there, with its
 * schema (`rego/schema/input-v<version>.json`), its type (`scripts/policy-input.ts` makes it) and what writes it
 * (`decision/input-versions.ts`); none is changed or taken away, for there are bundles that were written for it.
 */
export interface PolicyInputs {
  readonly 1: PolicyInputV1;
}

export type InputVersion = keyof PolicyInputs;

/** Oldest first. */
export const inputVersions: readonly InputVersion[] = [1];

/** A bundle that wants a newer one is refused. */
export const newestInputVersion: InputVersion = 1;

/** Whether the program writes this version of the input. */
export function isInputVersion(version: number): version is InputVersion {
  return inputVersions.some((known) => known === version);
}

/** Path of a version's JSON Schema; the same place seen from `src/policy` and from `dist/policy`. */
export function inputSchemaPath(version: InputVersion): string {
  return fileURLToPath(new URL(`../../rego/schema/${inputSchemaName(version)}`, import.meta.url));
}

/** Its name in `rego/schema`: the first one has no number, as `input` is what Rego calls it. */
export function inputSchemaName(version: number): string {
  return version === 1 ? 'input.json' : `input-v${version}.json`;
}
