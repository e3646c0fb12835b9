/**
 * The reference: a grpc-js server that decodes nothing and answers every Check with the same bytes as we do.
 * Arguments: port, answer (base64). Says `ready` on standard output.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';

const [port, answer] = process.argv.slice(2);
const bytes = Buffer.from(answer as string, 'base64');
const identity = (buffer: Buffer): Buffer => buffer;
const server = new Server({ 'grpc.max_receive_message_length': 256 * 1024 });
server.addService(
  {
    check: {
      path: '/envoy.service.auth.v3.Authorization/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  },
  { check: (_call: unknown, callback: (error: null, answer: Buffer) => void) => callback(null, bytes) },
);
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  process.stdout.write('ready\n');
});
