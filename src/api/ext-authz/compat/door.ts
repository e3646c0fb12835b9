import type { CompatConfig, Config } from '../../../config/types.ts';
import type { Refusal } from '../../../context/refusal.ts';
import type { RequestDocument } from '../../../context/types.ts';
import type { CheckRequest } from '../wire.ts';
import { requestDocument } from './document.ts';
import { readGrpcBodies } from './grpc-bodies.ts';
import type { GrpcBodies } from './grpc-bodies.ts';

/** Read once for each configuration. */
const read = new WeakMap<CompatConfig, GrpcBodies>();

/**
 * How bodies of gRPC requests are read under a configuration; null = they are not. Throws PDP_CONFIG_INVALID where the
 * descriptor set cannot be read.
 */
export function grpcBodiesOf(compat: CompatConfig): GrpcBodies | null {
  if (compat.proto_descriptor === null) return null;
  const bodies = read.get(compat) ?? readGrpcBodies(compat.proto_descriptor);
  read.set(compat, bodies);
  return bodies;
}

/** What the policy sees of a request beside our input; undefined where the policy was written for this program. */
export function documentFor(
  request: CheckRequest,
  { policy, compat }: Pick<Config, 'policy' | 'compat'>,
): RequestDocument | Refusal | undefined {
  if (policy.compat === null) return undefined;
  return requestDocument(request, { skipBody: compat.skip_request_body_parse, grpc: grpcBodiesOf(compat) });
}
