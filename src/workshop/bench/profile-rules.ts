import { join, relative } from 'node:path';
import { PortreeveError } from '../../lib/errors.ts';
import { entrypointRef, withSources } from '../evaluation/eval-args.ts';
import type { RegoSources, RunOpa } from '../evaluation/types.ts';
import { readModules } from '../rego-tree/read-modules.ts';
import type { RegoRule } from '../rego-tree/types.ts';
import type { BenchInput, RuleTime } from './types.ts';

interface Profiled {
  readonly total_time_ns: number;
  readonly num_eval: number;
  readonly location: { readonly file: string; readonly row: number };
}

/**
 * Time by rule over all inputs, from one `opa eval --profile`: opa's own interpreter, which knows rules, and not the module
 * that ships, which does not; what they have in common is the policy. Slowest first. Throws PDP_POLICY_INVALID with
 * opa's words.
 */
export async function profileRules(
  run: RunOpa,
  sources: RegoSources,
  inputs: readonly BenchInput[],
): Promise<readonly RuleTime[]> {
  const lines = await profile(run, sources, inputs);
  const modules = await readModules(run, sources.folder, sources.modules, sources.regoVersion);
  const rules = modules.flatMap((module) => module.rules);
  const times = new Map<RegoRule, { evaluations: number; ns: number }>();
  for (const { location, num_eval: count, total_time_ns: ns } of lines) {
    const rule = ruleAt(rules, nameIn(location.file, sources.folder), location.row);
    if (!rule) continue;
    const known = times.get(rule) ?? { evaluations: 0, ns: 0 };
    times.set(rule, { evaluations: known.evaluations + count, ns: known.ns + ns });
  }
  const total = [...times.values()].reduce((sum, { ns }) => sum + ns, 0);
  return [...times]
    .map(([rule, { evaluations, ns }]) => ({
      ...{ rule: rule.name, place: `${rule.file}:${rule.row}`, evaluations },
      time_us: Math.round(ns / 100) / 10,
      share: total === 0 ? 0 : Math.round((ns / total) * 1000) / 1000,
    }))
    .sort((a, b) => b.time_us - a.time_us || (a.place < b.place ? -1 : 1));
}

async function profile(
  run: RunOpa,
  sources: RegoSources,
  inputs: readonly BenchInput[],
): Promise<readonly Profiled[]> {
  const query = `some i; answer := ${entrypointRef(sources.entrypoint)} with input as input.inputs[i] with data.portreeve.classes as input.classes[i]`;
  const input = JSON.stringify({
    inputs: inputs.map((one) => one.input),
    classes: inputs.map((one) => one.classes),
  });
  return withSources(sources, async (files) => {
    const flags = ['eval', '--stdin-input', '--format', 'json', '--profile', '--profile-limit', '1000000'];
    const ran = await run([...flags, ...files, query], { cwd: sources.folder, input });
    const output = parse(ran.stdout);
    if (output?.profile) return output.profile;
    const words = output?.errors?.map(({ message }) => message).join('; ');
    throw new PortreeveError('PDP_POLICY_INVALID', `opa eval --profile: ${words ?? ran.stderr.trim()}`);
  });
}

interface Output {
  readonly profile?: readonly Profiled[];
  readonly errors?: readonly { readonly message: string }[];
}

function parse(text: string): Output | undefined {
  try {
    return JSON.parse(text) as Output;
  } catch {
    return undefined;
  }
}

function nameIn(file: string, folder: string): string {
  return relative(folder, join(folder, file)).replaceAll('\\', '/');
}

/** The innermost rule that has the line. */
function ruleAt(rules: readonly RegoRule[], file: string, row: number): RegoRule | undefined {
  return rules
    .filter((rule) => rule.file === file && rule.row <= row && row <= rule.endRow)
    .sort((a, b) => b.row - a.row)[0];
}
