import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { listDevices } from '../../inventory/list.ts';
import { PortreeveError, describeThrown } from '../../lib/errors.ts';
import { withStore } from '../with-store.ts';
import { adviceAfter, fail, ok, warn, type Finding, type Patient } from './finding.ts';

/** The store: of our format, and writable. It is neither made nor brought up to date by looking at it. */
export async function examineStore({ config, around }: Patient): Promise<readonly Finding[]> {
  const check = 'store';
  const { path } = config.state;
  if (!existsSync(path)) {
    const fault = folderFault(dirname(path));
    if (fault)
      return [
        fail(check, `${path} cannot be made: ${fault}`, 'make the folder, or check its owner and mode'),
      ];
    return [
      warn(
        check,
        `${path} is not there yet`,
        'import devices and CRLs, or start `portreeve serve`; either makes it',
      ),
    ];
  }
  try {
    await withStore(config, 'read_only', around.clock, () => undefined);
    await withStore(config, 'read_write', around.clock, (store) => store.transact(() => undefined));
    return [ok(check, `${path} can be read and written`)];
  } catch (thrown) {
    return [fail(check, describeThrown(thrown), isNewer(thrown) ? toRead : toWrite)];
  }
}

const toRead = 'run the newer program that wrote it, or restore the backup made before the upgrade';
const toWrite = 'check the owner, mode and free space of the file and its folder';

function isNewer(thrown: unknown): boolean {
  return thrown instanceof PortreeveError && thrown.code === 'PDP_STORE_NEWER';
}

/** The folder that records go to. */
export function examineAudit({ config }: Patient): readonly Finding[] {
  const check = 'audit';
  const { path } = config.audit;
  const fault = folderFault(dirname(path)) ?? (existsSync(path) ? accessFault(path) : undefined);
  if (fault)
    return [
      fail(
        check,
        `${path} cannot be written: ${fault}`,
        'check the owner, mode and free space of its folder',
      ),
    ];
  return [ok(check, `${path} can be written`)];
}

/** At least one device for each tenant that a PEP asks for. */
export async function examineInventory(patient: Patient): Promise<readonly Finding[]> {
  const { config, around } = patient;
  const check = 'inventory';
  const advice = 'import devices with `portreeve device import FILE`; without a record a device is denied';
  const tenants = [...new Set(config.peps.map(({ tenant }) => tenant))];
  try {
    return await withStore(config, 'read_only', around.clock, (store) =>
      tenants.map((tenant) =>
        listDevices(store, { tenant, limit: 1 }).length > 0
          ? ok(check, `tenant ${tenant} has devices`)
          : fail(check, `tenant ${tenant} has no device`, advice),
      ),
    );
  } catch (thrown) {
    return [fail(check, describeThrown(thrown), adviceAfter(thrown, patient, advice))];
  }
}

/** Why nothing can be written below a folder; the nearest one that exists decides. */
function folderFault(folder: string): string | undefined {
  if (existsSync(folder)) return accessFault(folder);
  const parent = dirname(folder);
  return parent === folder ? `${folder} is not there` : folderFault(parent);
}

function accessFault(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK);
    return undefined;
  } catch (thrown) {
    return describeThrown(thrown);
  }
}
