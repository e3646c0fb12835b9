import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildRecord, recordBytes } from '../../src/audit/record.ts';
import type { AuditRecord } from '../../src/audit/record.ts';
import { readRecord } from '../../src/audit/read-record.ts';
import type { MadeDecision } from '../../src/decision/types.ts';
import { deviceId, makeWorld } from '../../test/helpers/world.ts';
import type { World } from '../../test/helpers/world.ts';

/** Files for a comparison of policies by records. */
export interface BenchRecords {
  readonly config: string;
  readonly records: string;
  readonly close: () => void;
}

/**
 * Writes a log of so many records: those of a small real fleet, multiplied to other devices, certificates, sites and times,
 * so that few of them ask the policy the same. Each device has `connections` records, which come one round after another.
 */
export async function makeBenchRecords(count: number, connections: number): Promise<BenchRecords> {
  const world = await makeWorld();
  const templates = await makeTemplates(world);
  const records = join(world.folder, 'records.ndjson');
  const devices = Math.max(1, Math.ceil(count / connections));
  const out = createWriteStream(records);
  let block = '';
  for (let index = 0; index < count; index += 1) {
    const device = index % devices;
    block += `${recordBytes(varied(templates[device % templates.length] as AuditRecord, device, index))}\n`;
    if (block.length < 1_000_000 && index < count - 1) continue;
    if (!out.write(block)) await once(out, 'drain');
    block = '';
  }
  out.end();
  await once(out, 'close');
  return { config: world.configFile, records, close: world.close };
}

async function makeTemplates(world: World): Promise<readonly AuditRecord[]> {
  const made: MadeDecision[] = [];
  const meters = ['1', '1', '1', '1', '1', '1', '1', 'unheard-of', 'lost', 'classless'];
  for (const name of meters) {
    made.push(await world.decide(world.connect({ shows: await world.leaf(`meter/${name}`) })));
  }
  made.push(await world.decide(world.connect({ shows: world.cameraLeaf })));
  made.push(await world.decide(world.connect({ pep: 'edge', claims: { device_id: deviceId('sensor/1') } })));
  return made.map((one) => readRecord(recordBytes(buildRecord(one))));
}

/** The same connection of another device. */
function varied(template: AuditRecord, device: number, index: number): AuditRecord {
  const digest = (what: string): string => createHash('sha256').update(`${what} ${device}`).digest('hex');
  const texts: readonly (readonly [string | null | undefined, string])[] = [
    [template.device_id, `spiffe://fleet.example/device/${String(device).padStart(8, '0')}`],
    [template.leaf, digest('leaf')],
    [template.key, digest('key')],
    [template.serial, digest('serial').slice(0, 32)],
    [
      template.decision_id,
      `019e830e-1a00-70b1-${(index % 65536).toString(16).padStart(4, '0')}-${index.toString(16).padStart(12, '0')}`,
    ],
    ['"nantes"', `"site-${device % 10}"`],
  ];
  let text = recordBytes(template);
  for (const [from, to] of texts) if (from) text = text.replaceAll(from, to);
  return JSON.parse(text) as AuditRecord;
}

/** A copy of the default policy that lets devices of one site in ten in no more. Answers the project's folder. */
export function changedPolicy(folder: string): string {
  const rule = [
    'package portreeve',
    '',
    'import data.portreeve.result',
    '',
    '_reasons contains result.reason("network.source_not_allowed", {"site": input.device_site}) if {',
    '\tinput.device_site == "site-3"',
    '}',
    '',
  ];
  writeFileSync(join(folder, 'portreeve/changed.rego'), rule.join('\n'));
  return folder;
}
