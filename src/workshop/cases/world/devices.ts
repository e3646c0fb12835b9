import { bindsKey } from '../../../inventory/binding.ts';
import { decodeDevice, encodeDevice } from '../../../inventory/device-rows.ts';
import { buildDraft } from '../../../inventory/record.ts';
import type { DeviceRecord, InventoryReader } from '../../../inventory/types.ts';
import type { EpochMs } from '../../../lib/clock.ts';
import { PortreeveError } from '../../../lib/errors.ts';
import type { Words } from '../words.ts';

const day = 86_400_000;

/** What `self` stands for: digests of the certificate that is presented, hex. */
export interface Self {
  readonly fingerprint: string;
  readonly keyDigest: string;
}

/**
 * The record that a case describes, checked and stored as an import would; a day old. Throws PDP_CASES_INVALID with every
 * problem of it.
 */
export function deviceRecord(words: Words, self: Self | undefined, now: EpochMs): DeviceRecord {
  const problems: string[] = [];
  const draft = buildDraft(
    {
      status: 'active',
      ...words,
      ...digests(words, 'certificates', self?.fingerprint),
      ...digests(words, 'keys', self?.keyDigest),
    },
    (problem) => problems.push(problem),
  );
  if (!draft)
    throw new PortreeveError('PDP_CASES_INVALID', problems.map((one) => `device: ${one}`).join('\n'));
  return decodeDevice({
    ...encodeDevice(draft),
    device_id: draft.device_id,
    ...{ generation: 1, epoch: 1, visible_epoch: 1, updated_at: now - day },
  });
}

function digests(words: Words, name: string, digest: string | undefined): Words {
  const listed = words[name];
  if (!Array.isArray(listed)) return {};
  const of = (text: unknown) => (text === 'self' && digest !== undefined ? digest : text);
  return {
    [name]: listed.map((item: unknown) =>
      typeof item === 'object' && item !== null
        ? { ...item, sha256: of((item as { sha256?: unknown }).sha256) }
        : of(item),
    ),
  };
}

/** An inventory of these devices alone. Throws PDP_CASES_INVALID where one has two records: which counts would be chance. */
export function inventoryOf(
  devices: readonly { readonly tenant: string; readonly record: DeviceRecord }[],
): InventoryReader {
  const byId = new Map(devices.map(({ tenant, record }) => [`${tenant}\0${record.device_id}`, record]));
  const twice = devices.find(({ tenant, record }) => byId.get(`${tenant}\0${record.device_id}`) !== record);
  if (twice)
    throw new PortreeveError(
      'PDP_CASES_INVALID',
      `devices: ${twice.record.device_id} has more than one record`,
    );
  return {
    device: (tenant, id) => byId.get(`${tenant}\0${id}`),
    holders: (tenant, key, now) =>
      devices
        .filter((one) => one.tenant === tenant && bindsKey(one.record, key, now))
        .map(({ record }) => record.device_id)
        .sort(),
  };
}
