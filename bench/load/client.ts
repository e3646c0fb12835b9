import { Client, credentials } from '@grpc/grpc-js';

const path = '/envoy.service.auth.v3.Authorization/Check';
const identity = (buffer: Buffer): Buffer => buffer;

/** A closed-loop client: several connections, a fixed number of calls under way, bodies sent as they are. */
export class LoadClient {
  readonly #clients: Client[];

  constructor(address: string, connections: number) {
    this.#clients = Array.from(
      { length: connections },
      (_, index) =>
        new Client(address, credentials.createInsecure(), {
          'grpc.use_local_subchannel_pool': 1,
          'bench.connection': index,
        }),
    );
  }

  /** One call; answers the answer's bytes. */
  call(body: Buffer, index = 0): Promise<Buffer> {
    const client = this.#clients[index % this.#clients.length] as Client;
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, identity, identity, body, (error, answer) => {
        if (error || !answer) reject(error ?? new Error('no answer'));
        else resolve(answer);
      });
    });
  }

  /** Sends `count` calls, `parallel` at a time, with bodies in turn; answers how many failed. */
  async run(bodies: readonly Buffer[], count: number, parallel: number): Promise<number> {
    let next = 0;
    let failed = 0;
    const lane = async (lane: number): Promise<void> => {
      while (next < count) {
        const index = next++;
        await this.call(bodies[index % bodies.length] as Buffer, lane).catch(() => {
          failed += 1;
        });
      }
    };
    await Promise.all(Array.from({ length: parallel }, (_, index) => lane(index)));
    return failed;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}
