import { parseExactJson } from '../../../lib/exact-json.ts';
import type { ExactJson } from '../../../lib/exact-json.ts';
import { PortreeveError } from '../../../lib/errors.ts';
import type { CheckRequest } from '../wire.ts';
import type { GrpcBodies } from './grpc-bodies.ts';
import { parseMultipart } from './multipart.ts';
import { parseForm } from './query.ts';

type Http = NonNullable<NonNullable<NonNullable<CheckRequest['attributes']>['request']>['http']>;

export interface ParsedBody {
  readonly parsed_body: ExactJson;
  readonly truncated_body: boolean;
}

const nothing: ParsedBody = { parsed_body: null, truncated_body: false };
const truncated: ParsedBody = { parsed_body: null, truncated_body: true };

/**
 * The body of a request as opa-envoy-plugin parses it, by its content type: JSON, forms, multipart forms, and gRPC
 * messages where there are descriptors; null for all else, and where Envoy or `content-length` says that there is more of
 * it. Header names count as the proxy spells them. Throws PDP_INPUT_MALFORMED for a body that is not what its type says.
 */
export function parseBody(
  http: Http | undefined,
  path: readonly string[],
  grpc: GrpcBodies | null,
): ParsedBody {
  const headers = new Map(Object.entries(http?.headers ?? {}));
  if (headers.get('x-envoy-auth-partial-body') === 'true') return truncated;
  const type = headers.get('content-type');
  if (http === undefined || type === undefined) return nothing;
  if (type.includes('application/grpc') && !type.includes('application/json')) {
    return grpcBody(http.raw_body, path, grpc);
  }
  const parse = parserFor(type);
  const body = http.body || Buffer.from(http.raw_body ?? []).toString('utf8');
  if (parse === undefined || body === '') return nothing;
  if (isCut(headers.get('content-length'), http)) return truncated;
  return { parsed_body: parse(body), truncated_body: false };
}

/** Types are looked for anywhere in the header, in this order. */
function parserFor(type: string): ((body: string) => ExactJson) | undefined {
  if (type.includes('application/json')) return parseExactJson;
  if (type.includes('application/x-www-form-urlencoded')) return parseForm;
  if (type.includes('multipart/form-data')) return (body) => parseMultipart(type, body);
  return undefined;
}

/** Whether the request has more bytes of body than the proxy has sent; -1 says nothing. */
function isCut(length: string | undefined, { body, raw_body: raw }: Http): boolean {
  if (length === undefined) return false;
  if (!/^[+-]?\d{1,18}$/.test(length)) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', 'content-length is no number');
  }
  const there = body ? Buffer.byteLength(body) : (raw?.byteLength ?? 0);
  return Number(length) > there;
}

/** The first message, without its frame of five bytes (gRPC over HTTP/2, "Length-Prefixed-Message"). */
function grpcBody(raw: Uint8Array | undefined, path: readonly string[], grpc: GrpcBodies | null): ParsedBody {
  if (grpc === null || raw === undefined || raw.byteLength === 0) return nothing;
  const [service, method, ...more] = path;
  if (service === undefined || method === undefined || more.length > 0) {
    throw new PortreeveError('PDP_INPUT_MALFORMED', 'the path of a gRPC call is not that of a method');
  }
  if (raw.byteLength < 5) throw new PortreeveError('PDP_INPUT_MALFORMED', 'a gRPC body of less than 5 bytes');
  const frame = Buffer.from(raw);
  if (frame[0] !== 0) return nothing;
  const end = 5 + frame.readUInt32BE(1);
  if (end > frame.byteLength) return truncated;
  return { parsed_body: grpc.read(service, method, frame.subarray(5, end)) ?? null, truncated_body: false };
}
