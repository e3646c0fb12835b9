import { limits } from '../context/limits.ts';
import { Refusal } from '../context/refusal.ts';
import type { ContextResult, Door, Pep } from '../context/types.ts';
import type { ResolvedPep } from './pep.ts';

/** Of a request that cannot become a context: by which door it came, and with which `traceparent`. */
export interface CameBy {
  readonly door: Door;
  readonly traceparent: string | undefined;
}

export const notProtobuf = new Refusal('request', 'is no such protobuf message');
export const unread = new Refusal('request', 'was not read');
export const unreadable = new Refusal('request', 'could not be read');

/** Why a request is not decoded at all; undefined where its length is within the limit. */
export function oversized(bytes: Uint8Array): Refusal | undefined {
  if (bytes.byteLength <= limits.messageBytes) return undefined;
  return new Refusal('request', `has ${bytes.byteLength} bytes, more than ${limits.messageBytes}`);
}

/** What stands for the context of a request that was refused: decided and recorded as a denial like any other. */
export function refusedRequest(
  refusal: Refusal,
  from: CameBy & { readonly pep: Pep; readonly connectionId?: string | undefined },
): RefusedContext {
  const { field, problem } = refusal;
  const { pep, door, traceparent, connectionId } = from;
  return {
    ok: false,
    ...{ pep, door, field, problem },
    ...(traceparent !== undefined && { traceparent }),
    ...(connectionId !== undefined && { connectionId }),
  };
}

/** The same, of a request from a PEP that is not known, or not known to be what it says. */
export function unknownPep(
  { pep, problem, code }: Extract<ResolvedPep, { readonly known: false }>,
  from: CameBy,
): RefusedContext {
  const refused = refusedRequest(new Refusal('pep', problem), { ...from, pep });
  return code === undefined ? refused : { ...refused, code };
}

type RefusedContext = Extract<ContextResult, { readonly ok: false }>;
