import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LoadClient } from './client.ts';
import { configuration, type Settings } from './configuration.ts';
import { freePort, startNode, untilAnswered, type Running } from './processes.ts';
import type { World } from './world.ts';

/** A server that takes part, with a client of its own. */
export interface Contestant {
  readonly name: string;
  readonly running: Running;
  readonly client: LoadClient;
}

/** How one of our servers differs from the others. */
export interface Variant extends Omit<Settings, 'port' | 'folder'> {
  readonly name: string;
  /** Share of decisions of which a span is exported; 0 = there is no collector. */
  readonly sampled: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** As it ships, with a collector. */
const shipped: Variant = { name: 'shipped', workers: 1, audit: 'relaxed', sampled: 1 };

/** All of ours that take part. */
export const variants: readonly Variant[] = [
  shipped,
  // What is learnt of certificates that were never seen is written after the answers, and would be paid for by other rows.
  { ...shipped, name: 'cold' },
  { ...shipped, name: 'strict', audit: 'strict' },
  { ...shipped, name: 'sampled', sampled: 0.01 },
  { ...shipped, name: 'untraced', sampled: 0 },
  { ...shipped, name: 'plain', audit: 'plain', sampled: 0 },
  { ...shipped, name: 'bare', audit: 'none', sampled: 0 },
  { ...shipped, name: 'two', workers: 2 },
];

const connections = 4;

/** Starts one of our servers over a copy of the world; `sink` is the collector's address. */
export async function startOurs(
  world: World,
  variant: Variant,
  sink: string,
  first: Buffer,
): Promise<Contestant> {
  const folder = `${world.folder}-${variant.name}`;
  cpSync(world.folder, folder, { recursive: true });
  const port = await freePort();
  const configFile = join(folder, 'portreeve.yaml');
  writeFileSync(configFile, configuration({ ...variant, port, folder }));
  const running = startNode(['src/main.ts', 'serve', '--config', configFile], {
    log: join(folder, 'server.log'),
    env: { ...telemetry(variant, sink), ...variant.env },
  });
  const addresses = Array.from({ length: variant.workers }, (_, index) => `127.0.0.1:${port + index}`);
  const client = new LoadClient(addresses, connections);
  await untilAnswered(running, async () => {
    for (let index = 0; index < variant.workers; index += 1) await client.call(first, index);
  });
  return { name: variant.name, running, client };
}

function telemetry({ name, sampled }: Variant, sink: string): Record<string, string> {
  if (sampled === 0) return { OTEL_SDK_DISABLED: 'true' };
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${sink}/${name}`,
    // Full queues drop spans without a word: what is not exported would not be paid for.
    OTEL_BSP_MAX_QUEUE_SIZE: '16384',
    ...(sampled < 1 && {
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: String(sampled),
    }),
  };
}
