import { formatInstant, type EpochMs } from '../../lib/clock.ts';

/** What the demo's devices say that they run. */
export const firmware = {
  meterGood: 'a1'.repeat(32),
  meterVulnerable: 'a0'.repeat(32),
  meterBlocked: 'b2'.repeat(32),
  /** Nobody knows it. */
  meterUnknown: 'c3'.repeat(32),
  cameraGood: 'd4'.repeat(32),
} as const;

/** The product of the meters, and the least version of it that may run. */
export const meterFirmware = { product: 'meter-os', minimum: '2.3' } as const;

/** Until when vulnerable firmware may run: longer than a fleet is kept. */
const graceMs = 14 * 86_400_000;

/** The catalogue of the meters' firmware as an import file; the cameras' class lists its own. */
export function firmwareNdjson(now: EpochMs): string {
  const { product } = meterFirmware;
  const rows: readonly object[] = [
    { firmware_hash: firmware.meterGood, product, version: '2.4.1', status: 'approved' },
    {
      ...{ firmware_hash: firmware.meterVulnerable, product, version: '2.3.6', status: 'known_vulnerable' },
      ...{ advisory: 'HU-2026-07', grace_until: formatInstant(now + graceMs) },
    },
    {
      ...{ firmware_hash: firmware.meterBlocked, product, version: '2.4.0', status: 'blocked' },
      advisory: 'HU-2026-03',
    },
  ];
  return `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
}
