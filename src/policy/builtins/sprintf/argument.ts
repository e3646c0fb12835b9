import { asInt } from '../operands.ts';
import { regoText } from '../rego-text.ts';
import { RegoNumber } from '../value.ts';
import type { RegoValue } from '../value.ts';
import { formatBigInt, formatFloat, formatInt } from './format-number.ts';
import { formatText } from './format-text.ts';
import { noFlags } from './flags.ts';
import type { Flags } from './flags.ts';

/** A value as OPA hands it to Go's fmt, with the name of the type that it has there. */
export type Argument =
  | { readonly type: 'int64'; readonly value: bigint }
  | { readonly type: '*big.Int'; readonly value: bigint }
  | { readonly type: 'float64'; readonly value: number }
  | { readonly type: 'string'; readonly value: string };

/** Numbers by how they are written (a point or an exponent makes a float), all that is neither number nor string as text. */
export function argumentOf(value: RegoValue): Argument {
  if (typeof value === 'string') return { type: 'string', value };
  if (!(value instanceof RegoNumber)) return { type: 'string', value: regoText(value) };
  const { text } = value;
  if (/[.eE]/.test(text)) {
    const float = Number(text);
    return Number.isFinite(float) ? { type: 'float64', value: float } : { type: 'string', value: text };
  }
  const int = asInt(value);
  return int === undefined ? { type: '*big.Int', value: BigInt(text) } : { type: 'int64', value: int };
}

/** One argument by one verb; what does not go together is told as `%!d(string=x)`. */
export function formatArgument(argument: Argument, verb: string, flags: Flags): string {
  if (verb === 'T') return formatText(argument.type, 's', flags) ?? '';
  const text = format(argument, verb, flags);
  if (text !== undefined) return text;
  if (argument.type === '*big.Int' && verb !== 'p') return `%!${verb}(big.Int=${argument.value})`;
  const shown = format(argument, 'v', argument.type === '*big.Int' ? noFlags() : flags) ?? '';
  return `%!${verb}(${argument.type}=${shown})`;
}

function format(argument: Argument, verb: string, flags: Flags): string | undefined {
  switch (argument.type) {
    case 'int64':
      return formatInt(argument.value, verb, flags);
    case '*big.Int':
      return verb === 'p' ? undefined : formatBigInt(argument.value, verb, flags);
    case 'float64':
      return formatFloat(argument.value, verb, flags);
    default:
      return formatText(argument.value, verb, flags);
  }
}
