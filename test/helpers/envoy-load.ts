import { Agent, request } from 'node:https';
import type { Leaf } from '../../src/ca/index.ts';

/** What became of the requests of a load. */
export interface LoadTold {
  readonly sent: number;
  /** How many were answered with what, most HTTP statuses, else the error's code. */
  readonly answers: Readonly<Record<string, number>>;
  /** When the first that was not answered with 200 ended, in ms since the load began. */
  readonly firstFailure: number | undefined;
  /** The longest that one took (ms). */
  readonly slowest: number;
}

export interface EnvoyLoad {
  told(): LoadTold;
  /** Sends no more, and answers once the last was answered. */
  stop(): Promise<LoadTold>;
}

/**
 * Asks through Envoy without a pause: so many requests a second, whatever the answers do, over so many connections of
 * each device, which stay open.
 */
export function loadEnvoy(
  port: number,
  devices: readonly Leaf[],
  { rate, connections = 4 }: { readonly rate: number; readonly connections?: number },
): EnvoyLoad {
  const agents = devices.map(
    ({ pem, privateKeyPem }) =>
      new Agent({
        ...{ keepAlive: true, maxSockets: connections, cert: pem, key: privateKeyPem },
        ...{ servername: 'localhost', rejectUnauthorized: false },
      }),
  );
  const began = performance.now();
  const answers: Record<string, number> = {};
  const open = new Set<Promise<void>>();
  let [sent, slowest] = [0, 0];
  let firstFailure: number | undefined;

  const ask = (): void => {
    const due = performance.now();
    const agent = agents[sent % agents.length] as Agent;
    sent += 1;
    const done = answerOf(port, agent).then((answer) => {
      answers[answer] = (answers[answer] ?? 0) + 1;
      if (answer !== '200') firstFailure ??= performance.now() - began;
      slowest = Math.max(slowest, performance.now() - due);
      open.delete(done);
    });
    open.add(done);
  };
  const timer = setInterval(() => {
    while (sent < ((performance.now() - began) * rate) / 1000) ask();
  }, 5);
  const told = (): LoadTold => ({ sent, answers, firstFailure, slowest });
  return {
    told,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
      for (const agent of agents) agent.destroy();
      return told();
    },
  };
}

function answerOf(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ port, host: '127.0.0.1', path: '/readings', agent }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(String(answer.statusCode)));
      answer.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
    sent.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end();
  });
}
