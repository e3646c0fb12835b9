import type { FirmwareRecord } from '../../inventory/firmware/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import type { Tone } from '../output.ts';

/** Firmware as machines are told of it: its times as RFC 3339. */
export function firmwareData(record: FirmwareRecord): object {
  const { advisory, grace_until: grace, updated_at: at, ...others } = record;
  return {
    ...others,
    advisory: advisory ?? null,
    grace_until: grace === undefined ? null : formatInstant(grace),
    updated_at: formatInstant(at),
  };
}

export const firmwareTones: Readonly<Record<FirmwareRecord['status'], Tone>> = {
  approved: 'good',
  known_vulnerable: 'warn',
  blocked: 'bad',
};
