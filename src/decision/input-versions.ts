import { PortreeveError } from '../lib/errors.ts';
import type { InputVersion, PolicyInputs } from '../policy/input-versions.ts';
import { policyInput } from './input.ts';
import type { InputSettings } from './input.ts';
import type { Facts } from './types.ts';

/** Writes one version of the policy input from the facts alone. */
export type InputWriter<Input> = (facts: Facts, settings: InputSettings) => Input;

/** What writes each version; the compiler sees to it that none is without, nor writes another one. */
export type InputWriters<Inputs> = { readonly [Version in keyof Inputs]: InputWriter<Inputs[Version]> };

export const inputWriters: InputWriters<PolicyInputs> = { 1: policyInput };

/**
 * The policy input in the version that a bundle wants. Throws PDP_FORMAT_NEWER for a version that this program does not
 * write.
 */
export function writeInput(
  version: number,
  facts: Facts,
  settings: InputSettings,
): PolicyInputs[InputVersion] {
  return writerOf(version, inputWriters)(facts, settings);
}

/** The writer of a version among those that there are; same error. */
export function writerOf<Inputs>(
  version: number,
  writers: InputWriters<Inputs>,
): InputWriter<Inputs[keyof Inputs]> {
  if (Object.hasOwn(writers, version)) return writers[version as keyof Inputs];
  throw new PortreeveError(
    'PDP_FORMAT_NEWER',
    `this program does not write policy input of version ${version}`,
  );
}
