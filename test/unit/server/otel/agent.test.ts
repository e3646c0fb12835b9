import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { createOtelAgent } from '../../../../src/server/otel/agent.ts';

/** A receiver that answers `/fast` at once and drips everything else for ever; answers how many connections it got. */
async function receiver(t: ExecutionContext): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const server = createServer((asked, answer) => {
    if (asked.url === '/fast') return void answer.end('done');
    answer.writeHead(200, { 'content-length': 100_000 });
    const drip = setInterval(() => answer.write('.'), 5);
    answer.once('close', () => clearInterval(drip));
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

test('an answer that drips ends its connection, and one that comes leaves it for the next', async (t) => {
  const { port, connections } = await receiver(t);
  const agent = createOtelAgent('http:', { limitMs: 300 });
  t.teardown(() => agent.destroy());
  const ask = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path, agent }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.once('end', () => resolve(text));
        answer.once('error', reject);
      });
      sent.once('error', reject);
      sent.end();
    });
  t.is(await ask('/fast'), 'done');
  await t.throwsAsync(ask('/drip'));
  t.is(await ask('/fast'), 'done');
  // Idle for longer than one request may take: that is no request.
  await new Promise((resolve) => setTimeout(resolve, 400));
  t.is(await ask('/fast'), 'done');
  t.is(connections(), 2);
});
