import { readFileSync } from 'node:fs';
import { describeThrown } from '../../lib/errors.ts';
import type { OtelEnv } from './otel.ts';

/** What a connection to the collector is made with; PEM. */
export interface ExportTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** The members, and how the standard variables that name their files end. */
const files = { ca: 'CERTIFICATE', cert: 'CLIENT_CERTIFICATE', key: 'CLIENT_KEY' } as const;

/**
 * The files that `OTEL_EXPORTER_OTLP_CERTIFICATE`, `…_CLIENT_CERTIFICATE` and `…_CLIENT_KEY` name, or their variants of a
 * signal, which go before. `warn` is told of one that cannot be read: decisions do not wait for telemetry to be put right,
 * and nothing is sent to a collector that cannot be trusted without it.
 */
export function exportTls(
  env: OtelEnv,
  signal: 'TRACES' | 'METRICS',
  warn: (problem: string) => void = (problem) => process.emitWarning(problem),
): ExportTls {
  const found: { -readonly [Member in keyof ExportTls]: Buffer } = {};
  for (const [member, ending] of Object.entries(files) as [keyof ExportTls, string][]) {
    const name = [`OTEL_EXPORTER_OTLP_${signal}_${ending}`, `OTEL_EXPORTER_OTLP_${ending}`].find((one) =>
      env[one]?.trim(),
    );
    if (name === undefined) continue;
    try {
      found[member] = readFileSync((env[name] as string).trim());
    } catch (thrown) {
      warn(`${name}: ${describeThrown(thrown)}`);
    }
  }
  return found;
}
