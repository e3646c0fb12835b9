import * as sdk from '@open-policy-agent/opa-wasm';
import { PortreeveError, describeThrown } from '../lib/errors.ts';
import { refuseUnknownBuiltins } from './builtins.ts';
import type { Bundle } from './bundle.ts';
import { createEvaluation } from './evaluate.ts';
import type { PolicyHeap } from './evaluate.ts';
import { entrypoint, isObject } from './manifest.ts';
import { createHost } from './host.ts';
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
  readonly evaluate: (text: string) => unknown;
  readonly memory: WasmMemory;
}

/**
 * Compiles a bundle and loads its data with the classes of the configuration at `data.portreeve.classes`, which
 * replace any that the bundle brings. Throws PDP_BUNDLE_INVALID where the module does not compile, speaks another
 * ABI, lacks the entrypoint, asks for built-ins that are not there, or cannot hold the data.
 */
export async function createPolicyEngine(
  bundle: Bundle,
  data: { readonly classes: Readonly<Record<string, ClassRules>> },
): Promise<PolicyEngine> {
  const module = await compile(bundle);
  const document = mergeData(bundle.data, data.classes);
  const { digest, revision, inputVersion } = bundle;
  const about = { digest, revision, inputVersion };
  return new WasmPolicyEngine(about, bundle.inputKeys, () => instantiate(module, document));
}

class WasmPolicyEngine implements PolicyEngine {
  readonly bundle: PolicyEngine['bundle'];
  readonly #textOf: (input: PolicyInput) => string;
  readonly #verdicts: VerdictMemory;
  readonly #fresh: () => Loaded;
  /** Undefined after a throw: that heap is in an unknown state and is never asked again. */
  #loaded: Loaded | undefined;

  constructor(bundle: PolicyEngine['bundle'], inputKeys: readonly string[] | undefined, fresh: () => Loaded) {
    this.bundle = bundle;
    this.#textOf = inputText(inputKeys);
    this.#verdicts = createVerdictMemory(inputKeys);
    this.#fresh = fresh;
    this.#loaded = fresh();
  }

  evaluate(input: PolicyInput): Verdict {
    const known = this.#verdicts.again(input);
    if (known) return known;
    const text = this.#textOf(input);
    return this.#verdicts.read(text, () => readVerdict(this.#run(text)), input);
  }

  pages(): number {
    return (this.#loaded?.memory.buffer.byteLength ?? 0) / 65536;
  }

  #run(text: string): unknown {
    try {
      this.#loaded ??= this.#fresh();
      return this.#loaded.evaluate(text);
    } catch (cause) {
      this.#loaded = undefined;
      throw new PortreeveError('PDP_POLICY_TRAP', `the policy trapped: ${describeThrown(cause)}`, { cause });
    }
  }
}

async function compile(bundle: Bundle): Promise<WasmModule> {
  try {
    return await webAssembly.compile(bundle.wasm);
  } catch (cause) {
    throw new PortreeveError('PDP_BUNDLE_INVALID', `policy bundle: ${describeThrown(cause)}`, { cause });
  }
}

function instantiate(module: WasmModule, document: object): Loaded {
  try {
    const memory = new webAssembly.Memory(memoryPages);
    const host = createHost(module, memory);
    refuseUnknownBuiltins(host.builtins);
    const policy = new LoadedPolicy(host.instance, memory, host.abiMinor);
    const id = Object.hasOwn(policy.entrypoints, entrypoint) ? policy.entrypoints[entrypoint] : undefined;
    if (id === undefined) {
      throw new PortreeveError('PDP_BUNDLE_INVALID', `no entrypoint ${entrypoint}`);
    }
    policy.setData(document);
    return { evaluate: createEvaluation(host.instance, memory, policy, id), memory };
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
