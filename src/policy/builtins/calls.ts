import { PortreeveError, describeThrown } from '../../lib/errors.ts';
import type { WasmInstance, WasmMemory } from '../web-assembly.ts';
import { BuiltinLimitError, builtinLimits, within } from './limits.ts';
import { readValue } from './read-value.ts';
import { bytesOf, textOf } from './text.ts';
import type { Builtin, BuiltinTable, PolicyMoment } from './types.ts';
import type { RegoValue } from './value.ts';
import { writeValue } from './write-value.ts';

/** The host's side of calls that a module makes to built-in functions. */
export interface BuiltinCalls {
  /** `opa_builtin0` to `opa_builtin4`. */
  readonly imports: Readonly<Record<string, (...of: number[]) => number>>;
  /** Gives the module these functions, by the numbers that it knows them under. */
  link(instance: WasmInstance, table: BuiltinTable, ids: Readonly<Record<string, number>>): void;
  /** Of what decision the calls are from now on. */
  begin(moment: PolicyMoment | undefined): void;
}

/** What of the module's exports (https://www.openpolicyagent.org/docs/wasm, "Exports") a call needs. */
interface Values {
  opa_malloc(bytes: number): number;
  opa_free(address: number): void;
  opa_value_dump(value: number): number;
  opa_value_parse(text: number, bytes: number): number;
}

/** The address that stands for no value: undefined. */
const undefinedValue = 0;

/**
 * Makes the imports that a module calls for built-in functions ("Built-in Functions" of OPA's page about WASM). Values
 * pass as text, their numbers as they are written. An error in a built-in is undefined to the policy; what is over a limit
 * is a trap, and so is a call for time or chance outside of any decision.
 */
export function createBuiltinCalls(memory: WasmMemory): BuiltinCalls {
  let values: Values | undefined;
  let moment: PolicyMoment | undefined;
  let byId: ReadonlyMap<number, readonly [string, Builtin]> = new Map();
  const call = (id: number, _context: number, ...args: number[]): number => {
    const [name, builtin] = byId.get(id) ?? [];
    if (!builtin || !name || !values) {
      throw new PortreeveError('PDP_POLICY_TRAP', `the policy called built-in ${id}, which is not there`);
    }
    const given = values;
    const read = args.map((address) => readValue(dump(given, memory, address)));
    const result = attempt(name, () => builtin(read, momentOr(name, moment)));
    return result === undefined ? undefinedValue : parse(given, memory, result);
  };
  return {
    imports: {
      opa_builtin0: call,
      opa_builtin1: call,
      opa_builtin2: call,
      opa_builtin3: call,
      opa_builtin4: call,
    },
    link: (instance, table, ids) => {
      values = instance.exports as unknown as Values;
      byId = new Map(Object.entries(table).map(([name, builtin]) => [ids[name] ?? -1, [name, builtin]]));
    },
    begin: (next) => {
      moment = next;
    },
  };
}

/** A moment, or one that throws as soon as anything of it is asked for. */
function momentOr(name: string, moment: PolicyMoment | undefined): PolicyMoment {
  if (moment) return moment;
  const missing = (): never => {
    throw new BuiltinLimitError(`${name} was called outside of any decision`);
  };
  return {
    get now() {
      return missing();
    },
    get decisionId() {
      return missing();
    },
  };
}

function attempt(name: string, run: () => RegoValue | undefined): RegoValue | undefined {
  try {
    return run();
  } catch (cause) {
    // The runtime's own limits too: a stack, a string or a number of its largest size say nothing about the operands.
    if (!(cause instanceof BuiltinLimitError || cause instanceof RangeError)) return undefined;
    throw new PortreeveError('PDP_POLICY_TRAP', `built-in ${name}: ${describeThrown(cause)}`, { cause });
  }
}

function dump(values: Values, memory: WasmMemory, address: number): string {
  const at = values.opa_value_dump(address);
  const bytes = new Uint8Array(memory.buffer);
  const text = textOf(bytes.subarray(at, bytes.indexOf(0, at)));
  values.opa_free(at);
  return text;
}

function parse(values: Values, memory: WasmMemory, result: RegoValue): number {
  if (typeof result === 'string' && !result.isWellFormed()) return parseBytes(values, memory, result);
  const text = writeValue(result);
  within(text.length, builtinLimits.resultCharacters, 'the result of a built-in');
  return parseText(values, memory, Buffer.from(text, 'utf8'));
}

function parseText(values: Values, memory: WasmMemory, text: Buffer): number {
  const at = values.opa_malloc(text.length);
  text.copy(new Uint8Array(memory.buffer), at);
  const value = values.opa_value_parse(at, text.length);
  values.opa_free(at);
  if (value === 0)
    throw new PortreeveError('PDP_POLICY_TRAP', 'the module did not take the result of a built-in');
  return value;
}

/**
 * A string of bytes that are no UTF-8, which has no text that the module would read: a string of as many letters is made
 * and its bytes written over. Where they lie (`opa_string_t`: length at 4, address at 8) is checked before.
 */
function parseBytes(values: Values, memory: WasmMemory, result: string): number {
  const bytes = bytesOf(result);
  within(bytes.length, builtinLimits.resultCharacters, 'the result of a built-in');
  const letters = Buffer.alloc(bytes.length, 'x');
  const value = parseText(values, memory, Buffer.from(`"${letters.toString('latin1')}"`));
  const view = Buffer.from(memory.buffer);
  const [length, at] = [view.readUInt32LE(value + 4), view.readUInt32LE(value + 8)];
  if (length !== bytes.length || !view.subarray(at, at + length).equals(letters)) {
    return parseText(values, memory, Buffer.from(writeValue(result), 'utf8'));
  }
  bytes.copy(view, at);
  return value;
}
