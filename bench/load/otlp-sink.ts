/**
 * A collector that counts spans and forgets them: `POST /NAME/v1/traces` (OTLP, protobuf) counts for NAME, `POST /NAME/v1/metrics`
 * is taken as well, `GET /NAME` answers how many spans came. Argument: port.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { messages } from './answers.ts';

const spans = new Map<string, number>();

createServer((request, response) => {
  const [, name = '', , kind] = (request.url ?? '').split('/');
  if (request.method === 'GET') return void response.end(String(spans.get(name) ?? 0));
  read(request).then(
    (body) => {
      if (kind === 'traces') spans.set(name, (spans.get(name) ?? 0) + countSpans(body));
      response.setHeader('content-type', 'application/x-protobuf').end();
    },
    () => response.writeHead(400).end(),
  );
}).listen(Number(process.argv[2]), '127.0.0.1');

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Spans of an ExportTraceServiceRequest: resource_spans = 1, in it scope_spans = 2, in that spans = 2. */
function countSpans(body: Buffer): number {
  const scopes = messages(body, 1).flatMap((resource) => messages(resource, 2));
  return scopes.reduce((sum, scope) => sum + messages(scope, 2).length, 0);
}
