import type { Config } from '../config/types.ts';
import { readAuthentication } from './authentication.ts';
import { readChallenge } from './challenge.ts';
import { checkMaps } from './check-maps.ts';
import { readCredential } from './credential.ts';
import { readCustom } from './custom.ts';
import { normaliseHttp } from './http-normalise.ts';
import { limits } from './limits.ts';
import { mapClaims } from './map-claims.ts';
import { Refusal } from './refusal.ts';
import { readSourceAddress } from './source-address.ts';
import { readStapled } from './stapled.ts';
import { optionalText } from './text.ts';
import type { ConnectionContext, ContextResult, RawConnection } from './types.ts';

export type ContextSettings = Pick<Config, 'attestation' | 'claims' | 'custom'>;

/**
 * Makes the one readonly context of what a door decoded, or says which field is wrong. Never throws and never skips:
 * what is over a limit, malformed or in contradiction refuses the whole request (`system.input_invalid`).
 */
export function buildContext(raw: RawConnection, settings: ContextSettings): ContextResult {
  const built = build(raw, settings);
  return built instanceof Refusal ? refused(raw, built) : { ok: true, context: built };
}

function build(raw: RawConnection, settings: ContextSettings): ConnectionContext | Refusal {
  const oversized = checkMaps(raw, settings.claims.attestation);
  if (oversized) return oversized;
  const credential = readCredential(raw);
  if (credential instanceof Refusal) return credential;
  const stapled = readStapled(raw);
  if (stapled instanceof Refusal) return stapled;
  const claims = mapClaims(raw, settings.claims);
  if (claims instanceof Refusal) return claims;
  const challenge = readChallenge(raw, settings.attestation.challenge);
  if (challenge instanceof Refusal) return challenge;
  const authentication = readAuthentication(raw, credential, claims);
  if (authentication instanceof Refusal) return authentication;
  const sourceIp = readSourceAddress(raw);
  if (sourceIp instanceof Refusal) return sourceIp;
  // Tools ask policies of another program with requests that no proxy would send.
  const http = raw.http && normaliseHttp(raw.http, raw.document !== undefined);
  if (http instanceof Refusal) return http;
  const custom = readCustom(raw, settings.custom);
  if (custom instanceof Refusal) return custom;
  // Absent keys are not keys with undefined. Always in the same order, so that contexts have few shapes.
  const context: Building = {
    tenant: raw.pep.tenant,
    door: raw.door,
    pep: raw.pep,
    authenticatedBy: authentication.by,
    claims,
    custom,
  };
  if (credential) context.credential = credential;
  if (stapled) context.stapledOcsp = stapled;
  if (authentication.gateway !== undefined) context.gateway = authentication.gateway;
  if (challenge !== undefined) context.challenge = challenge;
  if (sourceIp !== undefined) context.sourceIp = sourceIp;
  if (http) context.http = http;
  const malformed = addTexts(context, raw);
  if (malformed) return malformed;
  const traceparent = traceOf(raw);
  if (traceparent !== undefined) context.traceparent = traceparent;
  if (raw.document) context.document = raw.document;
  return context;
}

type Building = { -readonly [K in keyof ConnectionContext]: ConnectionContext[K] };

const plainTexts = [
  ['destination', 'destination'],
  ['protocol', 'protocol'],
  ['sni', 'sni'],
  ['connectionId', 'connection_id'],
  ['requestId', 'request_id'],
] as const;

function addTexts(context: Building, raw: RawConnection): Refusal | undefined {
  for (const [name, field] of plainTexts) {
    const text = optionalText(field, raw[name], limits.idText);
    if (text instanceof Refusal) return text;
    // Host names have no case; protocols keep the PEP's spelling.
    if (text !== undefined) context[name] = name === 'sni' ? text.toLowerCase() : text;
  }
  return undefined;
}

/** Read strictly by telemetry; a malformed one starts a new trace (W3C Trace Context 4.3) and is no fact of the decision. */
function traceOf({ traceparent }: RawConnection): string | undefined {
  return traceparent !== undefined && traceparent.length <= limits.idText ? traceparent : undefined;
}

function refused(raw: RawConnection, refusal: Refusal): ContextResult {
  const traceparent = traceOf(raw);
  const connectionId = optionalText('connection_id', raw.connectionId, limits.idText);
  const requestId = optionalText('request_id', raw.requestId, limits.idText);
  return {
    ok: false,
    pep: raw.pep,
    door: raw.door,
    field: refusal.field,
    problem: refusal.problem,
    ...(traceparent !== undefined && { traceparent }),
    ...(typeof connectionId === 'string' && { connectionId }),
    ...(typeof requestId === 'string' && { requestId }),
  };
}
