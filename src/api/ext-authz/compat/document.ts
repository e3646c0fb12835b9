import { Refusal } from '../../../context/refusal.ts';
import type { RequestDocument } from '../../../context/types.ts';
import { asPortreeveError } from '../../../lib/errors.ts';
import type { CheckRequest } from '../wire.ts';
import { parseBody } from './body.ts';
import type { GrpcBodies } from './grpc-bodies.ts';
import { parsePath, parseQueryOf } from './query.ts';
import { walkMessage } from './walk.ts';

export interface DocumentOptions {
  /** Leave `parsed_body` and `truncated_body` out. */
  readonly skipBody: boolean;
  /** How bodies of gRPC requests are read; null = they are not. */
  readonly grpc: GrpcBodies | null;
}

/** What the plugin says of itself; its documents are not really in protobuf's JSON mapping. */
const version = { ext_authz: 'v3', encoding: 'protojson' } as const;

/** The field that a refused document names: the door answers for it as the plugin does. */
export const parseErrorField = 'request_parse_error';

/**
 * The input that opa-envoy-plugin makes of a CheckRequest: the message itself (`walkMessage`), `version`, `parsed_path`,
 * `parsed_query`, `parsed_body` and `truncated_body`, and `source_principal` where there is one. A request without HTTP has
 * the parsed parts of an empty one. Refused where the plugin answers a parse error.
 */
export function requestDocument(request: CheckRequest, options: DocumentOptions): RequestDocument | Refusal {
  const http = request.attributes?.request?.http;
  const principal = request.attributes?.source?.principal;
  const target = http?.path ?? '';
  try {
    const path = parsePath(target);
    return {
      ...walkMessage('envoy.service.auth.v3.CheckRequest', request),
      version,
      parsed_path: path,
      parsed_query: parseQueryOf(target),
      ...(!options.skipBody && parseBody(http, path, options.grpc)),
      ...(principal && { source_principal: principal }),
    };
  } catch (thrown) {
    return new Refusal(parseErrorField, asPortreeveError(thrown).message);
  }
}
