import { Option } from 'commander';
import { bindingData } from '../../inventory/binding-fields.ts';
import type { DeviceRecord } from '../../inventory/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import type { CommonOptions } from '../command.ts';

/** Options of every command on devices. */
export interface DeviceOptions extends CommonOptions {
  readonly tenant: string;
}

/** The option that names the tenant whose inventory is meant. */
export function tenantOption(): Option {
  return new Option('--tenant <name>', 'whose inventory').default('default');
}

/** A device as machines are told of it: the record, with its times as RFC 3339. */
export function deviceData(device: DeviceRecord): object {
  const { certificates, keys, issued, renewal_expected_by: renewal } = device;
  return {
    ...device,
    certificates: certificates.map(bindingData),
    keys: keys.map(bindingData),
    ...(issued && { issued: issued.map(bindingData) }),
    ...(renewal !== undefined && { renewal_expected_by: formatInstant(renewal) }),
    updated_at: formatInstant(device.updated_at),
  };
}
