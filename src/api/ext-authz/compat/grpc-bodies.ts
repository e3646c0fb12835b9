import { readFileSync } from 'node:fs';
import type { ExactJson } from '../../../lib/exact-json.ts';
import { describeThrown, PortreeveError } from '../../../lib/errors.ts';
import { readDescriptors } from './descriptors.ts';
import { messageJson } from './proto-json.ts';

/** Reads the messages of gRPC calls by their descriptors. */
export interface GrpcBodies {
  /**
   * The request of a method in protobuf's JSON mapping; undefined for a method that no descriptor has, or whose client
   * streams. Throws PDP_INPUT_MALFORMED for bytes that are no such message.
   */
  read(service: string, method: string, message: Uint8Array): ExactJson | undefined;
}

/**
 * Reads a descriptor set (`protoc --include_imports --descriptor_set_out`). Throws PDP_CONFIG_INVALID where it cannot be
 * read or does not hold the types that it names.
 */
export function readGrpcBodies(file: string): GrpcBodies {
  const descriptors = load(file);
  return {
    read: (service, method, message) => {
      const fullName = descriptors.requests.get(`${service}/${method}`);
      if (fullName === undefined) return undefined;
      try {
        return messageJson(descriptors, fullName, descriptors.decode(fullName, message));
      } catch (cause) {
        throw new PortreeveError('PDP_INPUT_MALFORMED', `the body is no ${fullName}`, { cause });
      }
    },
  };
}

function load(file: string) {
  try {
    return readDescriptors(readFileSync(file));
  } catch (cause) {
    const problem = `compat.proto_descriptor: ${file} is no descriptor set: ${describeThrown(cause)}`;
    throw new PortreeveError('PDP_CONFIG_INVALID', problem, { cause });
  }
}
