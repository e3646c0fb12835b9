/**
 * The reference: what anyone's grpc-js service costs before it does anything. Decodes each Check with proto-loader, as
 * such services do, and answers with the same message as we do. Arguments: port, answer (base64 of a CheckResponse).
 * Says `ready` on standard output.
 */
import { join } from 'node:path';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const [port, answer] = process.argv.slice(2);
const definition = loadSync('envoy/service/auth/v3/external_auth.proto', {
  includeDirs: [join(import.meta.dirname, '../../proto')],
  keepCase: true,
  longs: String,
});
const packages = loadPackageDefinition(definition) as unknown as {
  envoy: { service: { auth: { v3: { Authorization: ServiceClientConstructor } } } };
};
const { service } = packages.envoy.service.auth.v3.Authorization;
const response = service.Check?.responseDeserialize(Buffer.from(answer as string, 'base64')) as object;
const server = new Server({ 'grpc.max_receive_message_length': 256 * 1024 });
server.addService(service, {
  Check: (_call: unknown, callback: (error: null, answer: object) => void) => callback(null, response),
});
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  process.stdout.write('ready\n');
});
