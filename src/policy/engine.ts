import * as sdk from '@open-policy-agent/opa-wasm';
import type { RequestDocument } from '../context/types.ts';
import { PortreeveError, describeThrown } from '../lib/errors.ts';
import type { KeptStats } from '../lib/kept.ts';
import type { BuiltinMode, PolicyMoment } from './builtins/types.ts';
import type { Bundle } from './bundle.ts';
import { dialectOf } from './dialect.ts';
import type { Dialect, PolicyWanted } from './dialect.ts';
import { createEvaluation } from './evaluate.ts';
import type { PolicyHeap } from './evaluate.ts';
import { createHost } from './host.ts';
import { isObject } from './is-object.ts';
import { refuseOwnMemory } from './own-memory.ts';
import type { ClassRules, PolicyEngine, PolicyInput, Verdict } from './types.ts';
import { webAssembly } from './web-assembly.ts';
import type { WasmInstance, WasmMemory, WasmModule } from './web-assembly.ts';

/** The part of the SDK that is used; the package's own declarations do not resolve under `nodenext`. */
interface LoadedPolicy extends PolicyHeap {
  readonly entrypoints: Readonly<Record<string, number>>;
  setData(data: object): void;
}
type LoadedPolicyClass = new (instance: WasmInstance, memory: WasmMemory, abiMinor: number) => LoadedPolicy;
const { LoadedPolicy } = (
  sdk as unknown as { readonly default: { readonly LoadedPolicy: LoadedPolicyClass } }
).default;

/** Pages of 64 KiB. The runtime needs 5; an instance never shrinks, so its growth has an end. */
const memoryPages = { initial: 5, maximum: 1024 };

interface Loaded {
  readonly evaluate: (text: string, moment?: PolicyMoment) => unknown;
  readonly memory: WasmMemory;
}

export interface EngineOptions {
  /** Rules of the configuration's device classes. */
  readonly classes: Readonly<Record<string, ClassRules>>;
  /** Which built-in functions the host gives; where it is left out, those of the bundle's kind. */
  readonly builtins?: BuiltinMode;
  /** What the configuration wants of the policy; where it is left out, the bundle's word counts. */
  readonly wanted?: PolicyWanted;
}

/** A policy that says what its entrypoint says, whatever its shape. Synchronous, not re-entrant. */
export interface PolicyProgram {
  /**
   * Evaluates the entrypoint on an input's JSON text: `[{result}]`, or `[]` where it is undefined. With built-ins of the
   * host the result's numbers are exact (`ExactJson`). Throws PDP_POLICY_TRAP; the next evaluation has a fresh instance.
   */
  run(text: string, moment?: PolicyMoment): unknown;
  /** Pages (64 KiB) of WASM memory in use; 0 between a trap and the next evaluation. */
  pages(): number;
}

/**
 * Compiles a bundle as `createPolicyEngine` does, for whoever reads the result himself. Same errors; the entrypoint is the
 * bundle's where none is given.
 */
export async function createPolicyProgram(
  bundle: Pick<Bundle, 'wasm' | 'data' | 'entrypoint'>,
  options: EngineOptions & { readonly entrypoint?: string },
): Promise<PolicyProgram> {
  const module = await compile(bundle);
  const document = mergeData(bundle.data, options.classes);
  const { entrypoint = bundle.entrypoint, builtins = 'none' } = options;
  return new WasmProgram(() => instantiate(module, document, entrypoint, builtins));
}

/**
 * Compiles a bundle and loads its data with the classes of the configuration at `data.portreeve.classes`, which
 * replace any that the bundle brings. Throws PDP_BUNDLE_INVALID where the module does not compile, speaks another
 * ABI, lacks the entrypoint, asks for built-ins that are not there, cannot hold the data, or is of another kind than wanted.
 */
export async function createPolicyEngine(bundle: Bundle, options: EngineOptions): Promise<PolicyEngine> {
  const dialect = dialectOf(bundle, options.wanted);
  const { entrypoint, builtins } = dialect;
  const program = await createPolicyProgram(bundle, { builtins, ...options, entrypoint });
  const { digest, revision, inputVersion } = bundle;
  return new WasmPolicyEngine({ digest, revision, inputVersion }, dialect, program);
}

class WasmPolicyEngine implements PolicyEngine {
  readonly bundle: PolicyEngine['bundle'];
  readonly #dialect: Dialect;
  readonly #program: PolicyProgram;

  constructor(about: PolicyEngine['bundle'], dialect: Dialect, program: PolicyProgram) {
    this.bundle = about;
    this.#dialect = dialect;
    this.#program = program;
  }

  evaluate(input: PolicyInput, moment?: PolicyMoment, document?: RequestDocument): Verdict {
    const { verdicts, textOf, read, complete } = this.#dialect;
    const known = verdicts?.again(input);
    if (known) return complete(known, input);
    const text = textOf(input, document);
    const ask = () => read(this.#program.run(text, moment), input);
    return complete(verdicts ? verdicts.read(text, ask, input) : ask(), input);
  }

  pages(): number {
    return this.#program.pages();
  }

  kept(): readonly KeptStats[] {
    const { verdicts } = this.#dialect;
    return verdicts ? [verdicts.stats()] : [];
  }
}

class WasmProgram implements PolicyProgram {
  readonly #fresh: () => Loaded;
  /** Undefined after a throw: that heap is in an unknown state and is never asked again. */
  #loaded: Loaded | undefined;

  constructor(fresh: () => Loaded) {
    this.#fresh = fresh;
    this.#loaded = fresh();
  }

  pages(): number {
    return (this.#loaded?.memory.buffer.byteLength ?? 0) / 65536;
  }

  run(text: string, moment?: PolicyMoment): unknown {
    try {
      this.#loaded ??= this.#fresh();
      return this.#loaded.evaluate(text, moment);
    } catch (cause) {
      this.#loaded = undefined;
      throw new PortreeveError('PDP_POLICY_TRAP', `the policy trapped: ${describeThrown(cause)}`, { cause });
    }
  }
}

async function compile(bundle: Pick<Bundle, 'wasm'>): Promise<WasmModule> {
  try {
    return await compileBounded(bundle.wasm);
  } catch (cause) {
    if (cause instanceof PortreeveError) throw cause;
    throw new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${describeThrown(cause)}`, { cause });
  }
}

async function compileBounded(wasm: Uint8Array): Promise<WasmModule> {
  const module = await webAssembly.compile(wasm);
  refuseOwnMemory(wasm);
  return module;
}

function instantiate(
  module: WasmModule,
  document: object,
  entrypoint: string,
  builtins: BuiltinMode,
): Loaded {
  try {
    const memory = new webAssembly.Memory(memoryPages);
    const host = createHost(module, memory);
    const calls = host.supply(builtins);
    const policy = new LoadedPolicy(host.instance, memory, host.abiMinor);
    const id = Object.hasOwn(policy.entrypoints, entrypoint) ? policy.entrypoints[entrypoint] : undefined;
    if (id === undefined) {
      throw new PortreeveError('PDP_BUNDLE_INVALID', `no entrypoint ${entrypoint}`);
    }
    policy.setData(document);
    const supplied = builtins === 'none' ? undefined : calls;
    return { evaluate: createEvaluation(host.instance, memory, policy, id, supplied), memory };
  } catch (cause) {
    // A trap while loading (data that does not fit) is the bundle's fault and no evaluation's.
    throw new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${describeThrown(cause)}`, { cause });
  }
}

function mergeData(
  data: Readonly<Record<string, unknown>>,
  classes: Readonly<Record<string, ClassRules>>,
): Record<string, unknown> {
  const ours = data['portreeve'];
  return { ...data, portreeve: { ...(isObject(ours) ? ours : {}), classes } };
}
