import { randomInt } from 'node:crypto';
import type { Config } from '../../config/types.ts';
import type { Door } from '../../context/types.ts';
import type { Decision, MadeDecision } from '../../decision/types.ts';
import { httpStatus, rowOf, statusTable } from '../status-table.ts';
import { coarseClass, wireBody } from '../wire-body.ts';
import { deviceToTell, overwrite, upstreamHeaders } from './headers.ts';
import type { CheckResponse, HeaderOption, WireStruct } from './wire.ts';

/** A random whole number from `min` to `max`, both included. */
export type Random = (min: number, max: number) => number;

const uniform: Random = (min, max) => (max > min ? randomInt(min, max + 1) : min);

/**
 * The CheckResponse of a decision. The status code alone lets pass or denies; the HTTP parts are for Envoy's HTTP
 * filter and left out on L4; the dynamic metadata goes with every answer.
 */
export function encodeCheck(
  made: Pick<MadeDecision, 'decision' | 'facts'>,
  door: Door,
  wire: Config['wire'],
  random: Random = uniform,
): CheckResponse {
  const { decision } = made;
  const device = deviceToTell(made);
  const row = rowOf(decision);
  const dynamic_metadata = dynamicMetadata(decision, device);
  if (row === 'allow') {
    const status = { code: statusTable.allow.grpc };
    if (door === 'ext_authz_l4') return { status, dynamic_metadata };
    return { status, ok_response: upstreamHeaders(decision, device), dynamic_metadata };
  }
  const status = { code: statusTable[row].grpc, message: coarseClass(decision) };
  if (door === 'ext_authz_l4') return { status, dynamic_metadata };
  return {
    status,
    denied_response: {
      status: { code: httpStatus(row, wire.statuses) },
      headers: deniedHeaders(statusTable[row].retryAfter, wire, random),
      body: wireBody(decision),
    },
    dynamic_metadata,
  };
}

function deniedHeaders(retryAfter: boolean, wire: Config['wire'], random: Random): readonly HeaderOption[] {
  const content = overwrite('content-type', 'application/json');
  if (!retryAfter) return [content];
  return [content, overwrite('retry-after', String(random(wire.retry_after.min, wire.retry_after.max)))];
}

/** For access logs and later filters of the proxy, never for the device. */
function dynamicMetadata(decision: Decision, device: string | null): WireStruct {
  return {
    fields: {
      decision_id: { stringValue: decision.decision_id },
      outcome: { stringValue: decision.outcome },
      reason: { stringValue: decision.reasons[0]?.code ?? '' },
      ...(device !== null && { device_id: { stringValue: device.toWellFormed() } }),
    },
  };
}
