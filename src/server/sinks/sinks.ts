import { join } from 'node:path';
import type { Config, SinkConfig } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { CursorFolder, sinkFolder } from './cursor.ts';
import { fileDelivery } from './file-delivery.ts';
import { otlpDelivery } from './otlp-delivery.ts';
import { Sink } from './sink.ts';
import type { SinkSpec } from './sink.ts';
import { syslogDelivery } from './syslog-delivery.ts';
import type { Delivery, SentLog } from './types.ts';
import { viewOf } from './view.ts';
import type { SinkView } from './view.ts';

export interface SinksOptions {
  readonly config: Pick<Config['audit'], 'path' | 'sinks'>;
  /** Null where records are not in a log: then nothing is sent. */
  readonly log: SentLog | null;
  /** The store's own name. */
  readonly instance: string;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** Everybody who is sent records. */
export interface RunningSinks {
  views(): readonly SinkView[];
  /** Sends what is new now, without waiting for the end of a pause. */
  ask(): void;
  stop(): Promise<void>;
}

/** Begins to send the log's records to its sinks. No answer waits for them, and nothing that goes wrong is thrown. */
export function startSinks(o: SinksOptions): RunningSinks {
  const { log, clock, say, config } = o;
  if (log === null) return { views: () => [], ask: () => undefined, stop: () => Promise.resolve() };
  const cursors = new CursorFolder(join(config.path, sinkFolder));
  const sinks = config.sinks.map((one) => {
    const { kind, delivery } = deliveryOf(one, o);
    const spec = { kind, name: one.name, interval: one.interval, begin: one.begin };
    return new Sink(spec, { log, delivery, cursors, clock, random: o.random ?? Math.random, say });
  });
  for (const sink of sinks) sink.start();
  return {
    views: () => sinks.map((sink) => viewOf(sink, log.checkpoint()?.size ?? 0, clock.now())),
    ask: () => sinks.forEach((sink) => sink.ask()),
    stop: async () => {
      await Promise.all(sinks.map((sink) => sink.stop()));
    },
  };
}

function deliveryOf(
  one: SinkConfig,
  { instance, clock, say }: SinksOptions,
): { readonly kind: SinkSpec['kind']; readonly delivery: Delivery } {
  if (one.file !== null) return { kind: 'file', delivery: fileDelivery(one, one.file, say) };
  if (one.syslog !== null) return { kind: 'syslog', delivery: syslogDelivery(one, one.syslog) };
  const sender = { instance, now: () => clock.now() };
  return { kind: 'otlp', delivery: otlpDelivery(one, one.otlp ?? '', sender) };
}
