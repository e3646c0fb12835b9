import { parseExactJson } from '../lib/exact-json.ts';
import type { BuiltinCalls } from './builtins/calls.ts';
import { shownText, textOf } from './builtins/text.ts';
import type { PolicyMoment } from './builtins/types.ts';
import type { WasmInstance, WasmMemory } from './web-assembly.ts';

/** Where a loaded policy keeps its data, and where its heap may begin. */
export interface PolicyHeap {
  readonly dataAddr: number;
  readonly dataHeapPtr: number;
}

type Eval = (
  reserved: 0,
  entrypoint: number,
  data: number,
  input: number,
  inputLength: number,
  heap: number,
  format: 0,
) => number;

const pageBytes = 65_536;

/**
 * Makes the function that evaluates one entrypoint of an instance: `opa_eval` of OPA's WASM ABI 1.2
 * (https://www.openpolicyagent.org/docs/wasm, "Evaluation"). The input's JSON text is written straight into the instance's
 * memory and the result's read from it, without copies between. With built-ins of the host the result's numbers are exact,
 * as policies that use them expect. Throws what the instance throws, and a RangeError where the input does not fit.
 */
export function createEvaluation(
  instance: WasmInstance,
  memory: WasmMemory,
  heap: PolicyHeap,
  entrypoint: number,
  calls?: BuiltinCalls,
): (text: string, moment?: PolicyMoment) => unknown {
  const evaluate = instance.exports['opa_eval'] as Eval;
  let view = Buffer.from(memory.buffer);
  // An instance whose memory has grown has another buffer.
  const seen = (): Buffer => (view.buffer === memory.buffer ? view : (view = Buffer.from(memory.buffer)));
  return (text, moment) => {
    calls?.begin(moment);
    const { dataAddr, dataHeapPtr: at } = heap;
    // A UTF-16 code unit is at most three bytes of UTF-8.
    const missing = at + text.length * 3 - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    const length = seen().write(text, at, 'utf8');
    const result = evaluate(0, entrypoint, dataAddr, at, length, at + length, 0);
    const after = seen();
    const end = after.indexOf(0, result);
    if (calls) return parseExactJson(shownText(textOf(after.subarray(result, end))));
    return JSON.parse(after.toString('utf8', result, end)) as unknown;
  };
}
