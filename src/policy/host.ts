import { PortreeveError } from '../lib/errors.ts';
import { builtinsFor } from './builtins.ts';
import { createBuiltinCalls } from './builtins/calls.ts';
import type { BuiltinCalls } from './builtins/calls.ts';
import type { BuiltinMode } from './builtins/types.ts';
import { webAssembly } from './web-assembly.ts';
import type { WasmInstance, WasmMemory, WasmModule } from './web-assembly.ts';

/** An instance of a compiled policy with what the SDK would otherwise find out by itself. */
export interface Host {
  readonly instance: WasmInstance;
  readonly abiMinor: number;
  /** Built-in functions that the module wants from its host. */
  readonly builtins: readonly string[];
  /** Gives the module what it wants of the built-in functions of this mode. Throws PDP_BUNDLE_INVALID, naming what is not there. */
  supply(mode: BuiltinMode): BuiltinCalls;
}

/**
 * Instantiates an OPA module with imports of our own (https://www.openpolicyagent.org/docs/wasm, "Imports"):
 * unlike the SDK's they throw errors, print nothing, and offer no built-in behind our back. Throws
 * PDP_BUNDLE_INVALID where the module speaks another ABI than 1.2 or later.
 */
export function createHost(module: WasmModule, memory: WasmMemory): Host {
  const calls = createBuiltinCalls(memory);
  const instance = new webAssembly.Instance(module, { env: imports(memory, calls) });
  const [major, minor] = [
    number(instance, 'opa_wasm_abi_version'),
    number(instance, 'opa_wasm_abi_minor_version'),
  ];
  // ABI 1.2 brought opa_eval, which resets the heap at each call; without it memory would grow.
  if (major !== 1 || minor === undefined || minor < 2) {
    throw new PortreeveError(
      'PDP_BUNDLE_INVALID',
      `WASM ABI ${major ?? 'none'}.${minor ?? 'none'}, this program needs 1.2 or later`,
    );
  }
  const ids = readBuiltins(instance, memory);
  const supply = (mode: BuiltinMode): BuiltinCalls => {
    calls.link(instance, builtinsFor(mode, ids), ids);
    return calls;
  };
  return { instance, abiMinor: minor, builtins: Object.keys(ids), supply };
}

function imports(memory: WasmMemory, calls: BuiltinCalls): Readonly<Record<string, unknown>> {
  return {
    memory,
    opa_abort: (address: number): never => {
      throw new PortreeveError('PDP_POLICY_TRAP', readText(memory, address));
    },
    // `print` in a policy is for its tests.
    opa_println: () => undefined,
    ...calls.imports,
  };
}

function number(instance: WasmInstance, name: string): number | undefined {
  const global = instance.exports[name];
  return global instanceof webAssembly.Global && typeof global.value === 'number' ? global.value : undefined;
}

function readBuiltins(instance: WasmInstance, memory: WasmMemory): Readonly<Record<string, number>> {
  const { builtins, opa_json_dump: dump } = instance.exports as Record<string, (...of: number[]) => number>;
  if (typeof builtins !== 'function' || typeof dump !== 'function') {
    throw new PortreeveError('PDP_BUNDLE_INVALID', 'the module is not one that OPA compiled');
  }
  return JSON.parse(readText(memory, dump(builtins()))) as Record<string, number>;
}

/** A NUL-terminated UTF-8 string in the module's memory. */
function readText(memory: WasmMemory, address: number): string {
  const bytes = new Uint8Array(memory.buffer);
  return new TextDecoder().decode(bytes.subarray(address, bytes.indexOf(0, address)));
}
