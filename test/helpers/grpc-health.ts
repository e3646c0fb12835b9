import { Client, credentials } from '@grpc/grpc-js';

/** `HealthCheckResponse.ServingStatus` by number. */
const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** What the server at an address says of itself as a whole; `UNREACHABLE` where it does not answer. */
export function healthOf(address: string): Promise<(typeof statuses)[number] | 'UNREACHABLE'> {
  const client = new Client(address, credentials.createInsecure());
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      (request: Buffer) => request,
      (answer: Buffer) => answer,
      Buffer.alloc(0),
      { deadline: Date.now() + 5000 },
      (error, answer) => {
        client.close();
        // The one field of the answer, a varint.
        resolve(error ? 'UNREACHABLE' : (statuses[answer?.[1] ?? 0] ?? 'UNKNOWN'));
      },
    );
  });
}
