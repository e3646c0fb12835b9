import type { Command } from 'commander';
import type { MadeDecision } from '../../decision/types.ts';
import { createDecisionPoint } from '../../decision/point.ts';
import { createObservedReader } from '../../inventory/observed/reader.ts';
import type { SeenFirmware } from '../../inventory/observed/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import { composeDecision, type Composition } from '../../server/compose.ts';
import { clockAgainstStore } from '../../server/time/known-time.ts';
import { configOption, finish } from '../command.ts';
import { decisionText } from '../decide/text.ts';
import { exitCodes } from '../exit-codes.ts';
import { fields, plain } from '../output.ts';
import { cliPep } from '../pep.ts';
import type { Answer, Session } from '../session.ts';
import { patientTiming, recordNothing } from '../trial.ts';
import { recordPairs } from './get.ts';
import { presumeConnection, type Known } from './presumed.ts';
import { seenData, seenTable } from './seen.ts';
import { deviceData, tenantOption, type DeviceOptions } from './tenant.ts';

interface Options extends DeviceOptions {
  readonly pep?: string;
}

/** `device why ID`. */
export function registerDeviceWhy(group: Command, session: Session): void {
  const command = group
    .command('why')
    .description(
      'what is known of a device now, and how its next connection would be decided; says what is taken for granted',
    )
    .argument('<id>', 'device id')
    .option('--pep <name>', 'which configured PEP asks (default: the first one)')
    .addOption(tenantOption())
    .addOption(configOption());
  finish(
    command,
    session,
    ['device why meter-0001', 'device why meter-0001 --pep edge --json'],
    (options: Options, [id]) => runWhy(id as string, options, session),
  );
}

async function runWhy(deviceId: string, options: Options, session: Session): Promise<Answer> {
  const config = session.config(options.config);
  const pep = cliPep(config, options.pep);
  const { clock } = session.around;
  const composed = await composeDecision(config, {
    ...{ recorder: recordNothing, clock, mode: 'read_only' as const },
    trusted: (store) => clockAgainstStore(store, clock, config.time),
  });
  try {
    const known = { ...readKnown(deviceId, options.tenant, composed), pep, trust: composed.deps.trust };
    const { context, identity, assumptions } = presumeConnection(known);
    const point = createDecisionPoint(identity ? { ...composed.deps, identity } : composed.deps);
    const made = await point.decide({ ok: true, context }, patientTiming(clock));
    return answer(known, assumptions, made, session);
  } finally {
    composed.close();
  }
}

function readKnown(deviceId: string, tenant: string, { deps }: Composition): Omit<Known, 'pep' | 'trust'> {
  const { store, inventory } = deps;
  const observed = createObservedReader(store);
  return store.snapshot(() => ({
    ...{ tenant, deviceId, device: inventory.device(tenant, deviceId) },
    seen: observed.certificatesSeen(tenant, deviceId),
    firmware: observed.highestFirmware(tenant, deviceId),
  }));
}

function answer(
  { deviceId, device, seen, firmware }: Known,
  assumptions: readonly string[],
  made: MadeDecision,
  session: Session,
): Answer {
  const { decision, facts } = made;
  const data = {
    device_id: deviceId,
    device: device ? deviceData(device) : null,
    certificates_seen: seen.map(seenData),
    firmware_seen: firmware.map((one) => ({ ...one, seen_at: formatInstant(one.seen_at) })),
    assumptions,
    decision,
    facts,
  };
  const sections = [
    device
      ? fields(recordPairs(device), session.paint)
      : `${plain(deviceId)}: the inventory has no such device\n`,
    ...(seen.length === 0 ? [] : [seenTable(seen, session.paint)]),
    ...(firmware.length === 0 ? [] : [fields(firmware.map(firmwarePair), session.paint)]),
    `Its next connection would be decided like this, where\n${assumptions.map((one) => `  - ${plain(one)}\n`).join('')}`,
    decisionText(made, session.paint),
  ];
  return { exit: exitCodes.ok, data, text: sections.join('\n') };
}

function firmwarePair({ product, version, firmware_hash: hash, attested, seen_at: at }: SeenFirmware) {
  const how = attested ? 'attested' : 'claimed';
  return [`highest ${product}`, `${version} (${hash}), ${how}, ${formatInstant(at)}`] as const;
}
