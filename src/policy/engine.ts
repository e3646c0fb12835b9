import * as sdk from '@open-policy-agent/opa-wasm';
import { PortreeveError, describeThrown } from '../lib/errors.ts';
import type { BuiltinMode, PolicyMoment } from './builtins/types.ts';
import type { Bundle } from './bundle.ts';
import type { CustomReasons } from './custom-reasons.ts';
import { createEvaluation } from './evaluate.ts';
import type { PolicyHeap } from './evaluate.ts';
import { createHost } from './host.ts';
import { isObject } from './is-object.ts';
import type { ClassRules, PolicyEngine, PolicyInput, Verdict } from './types.ts';
import { readVerdict } from './verdict.ts';
import { createVerdictMemory, inputText } from './verdict-memory.ts';
import type { VerdictMemory } from './verdict-memory.ts';
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
  /** Which built-in functions the host gives; none where it is left out. */
  readonly builtins?: BuiltinMode;
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
 * ABI, lacks the entrypoint, asks for built-ins that are not there, or cannot hold the data.
 */
export async function createPolicyEngine(bundle: Bundle, options: EngineOptions): Promise<PolicyEngine> {
  const program = await createPolicyProgram(bundle, options);
  const { digest, revision, inputVersion } = bundle;
  const about = { digest, revision, inputVersion };
  return new WasmPolicyEngine(about, bundle, program, options.builtins);
}

class WasmPolicyEngine implements PolicyEngine {
  readonly bundle: PolicyEngine['bundle'];
  readonly #textOf: (input: PolicyInput) => string;
  /** None where built-ins make a verdict depend on more than the input. */
  readonly #verdicts: VerdictMemory | undefined;
  readonly #reasons: CustomReasons | undefined;
  readonly #program: PolicyProgram;

  constructor(
    about: PolicyEngine['bundle'],
    { inputKeys, reasons }: Pick<Bundle, 'inputKeys' | 'reasons'>,
    program: PolicyProgram,
    builtins: BuiltinMode = 'none',
  ) {
    this.bundle = about;
    this.#textOf = inputText(inputKeys);
    this.#verdicts = builtins === 'none' ? createVerdictMemory(inputKeys) : undefined;
    this.#reasons = reasons;
    this.#program = program;
  }

  evaluate(input: PolicyInput, moment?: PolicyMoment): Verdict {
    const known = this.#verdicts?.again(input);
    if (known) return known;
    const text = this.#textOf(input);
    const ask = () => readVerdict(this.#program.run(text, moment), this.#reasons);
    return this.#verdicts ? this.#verdicts.read(text, ask, input) : ask();
  }

  pages(): number {
    return this.#program.pages();
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
    return await webAssembly.compile(bundle.wasm);
  } catch (cause) {
    throw new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${describeThrown(cause)}`, { cause });
  }
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
