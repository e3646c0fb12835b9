import { Client, credentials } from '@grpc/grpc-js';
import { paths } from './answers.ts';

const identity = (buffer: Buffer): Buffer => buffer;

/** How calls are made, and which answers count as failed. */
export interface Asking {
  readonly path?: string;
  /** How many decisions of an answer are wrong; none unless given. */
  readonly wrong?: (answer: Buffer) => number;
}

/** A closed-loop client: several connections, a fixed number of calls under way, bodies sent as they are. */
export class LoadClient {
  readonly #clients: Client[];
  readonly #sent: number[];

  /** Connections are spread evenly over the addresses. */
  constructor(address: string | readonly string[], connections: number) {
    const addresses = typeof address === 'string' ? [address] : address;
    this.#sent = addresses.map(() => 0);
    this.#clients = Array.from(
      { length: connections },
      (_, index) =>
        new Client(addresses[index % addresses.length] as string, credentials.createInsecure(), {
          'grpc.use_local_subchannel_pool': 1,
          'bench.connection': index,
        }),
    );
  }

  /** Calls made so far, by address. */
  get sent(): readonly number[] {
    return [...this.#sent];
  }

  /** One call; answers the answer's bytes. */
  call(body: Buffer, index = 0, path: string = paths.check): Promise<Buffer> {
    const connection = index % this.#clients.length;
    const client = this.#clients[connection] as Client;
    const address = connection % this.#sent.length;
    this.#sent[address] = (this.#sent[address] ?? 0) + 1;
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, identity, identity, body, (error, answer) => {
        if (error || !answer) reject(error ?? new Error('no answer'));
        else resolve(answer);
      });
    });
  }

  /** Sends `count` calls, `parallel` at a time, with bodies in turn; answers how many failed or were answered wrongly. */
  async run(
    bodies: readonly Buffer[],
    count: number,
    parallel: number,
    { path, wrong }: Asking = {},
  ): Promise<number> {
    let next = 0;
    let failed = 0;
    const lane = async (lane: number): Promise<void> => {
      while (next < count) {
        const index = next++;
        try {
          const answer = await this.call(bodies[index % bodies.length] as Buffer, lane, path);
          if (wrong) failed += wrong(answer);
        } catch {
          failed += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: parallel }, (_, index) => lane(index)));
    return failed;
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}
