import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { Proposals } from '../../audit/proposals.ts';
import { proposedRow, type RowRules } from '../../audit/proposed-row.ts';
import { otherKinds, readRecord } from '../../audit/read-record.ts';
import type { Config } from '../../config/types.ts';
import { createInventoryReader } from '../../inventory/reader.ts';
import { buildDraft } from '../../inventory/record.ts';
import { formatInstant, type EpochMs } from '../../lib/clock.ts';
import { asPortreeveError, PortreeveError } from '../../lib/errors.ts';
import { configOption, finish, instantArgument, integerArgument } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import { openRecordSource, recordsHelp } from '../record-source.ts';
import type { Answer, Session } from '../session.ts';
import { byteProgress } from '../state/progress.ts';
import { withStore } from '../with-store.ts';
import { writeLines, writeWhole } from '../write-lines.ts';
import { tenantOption, type DeviceOptions } from './tenant.ts';

interface Options extends DeviceOptions {
  readonly fromRecords: readonly string[];
  readonly since?: EpochMs;
  readonly out?: string;
  readonly class?: string;
  readonly includeClaimed?: boolean;
  readonly maxDevices: number;
}

/** Identities that are held at once unless told otherwise; some 2 KB of memory each. */
const usualMost = 200_000;

/** `device propose --from-records FILE…`. */
export function registerDevicePropose(group: Command, session: Session): void {
  const command = group
    .command('propose')
    .description(
      'write an import file of devices that records show and the inventory does not know, for review',
    )
    .requiredOption('--from-records <file...>', recordsHelp)
    .option('--since <instant>', 'only records from then on (RFC 3339)', instantArgument)
    .addOption(new Option('--format <format>', 'format').choices(['ndjson']).default('ndjson'))
    .option('--out <file>', 'where it goes; standard output unless this is given')
    .option('--class <name>', 'class of devices whose anchor does not tell it (default: unclassified)')
    .option('--include-claimed', 'also identities and firmware that nobody proved; they are marked')
    .option(
      '--max-devices <number>',
      'identities that are held in memory at once, some 2 KB each; more are refused',
      integerArgument(1, 10_000_000),
      usualMost,
    )
    .addOption(tenantOption())
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nRead are allows, and denials with inventory.unknown_device, of devices that proved who they are. Every device is' +
        '\nproposed as pre_provisioned, with what was seen as attributes observed.…: nothing may connect by it until' +
        '\nsomebody has looked at it and set its status.',
    );
  finish(
    command,
    session,
    [
      'device propose --from-records records.ndjson --out proposed.ndjson',
      'device propose --from-records records.ndjson --since 2026-11-01T00:00:00Z > proposed.ndjson',
    ],
    (options: Options) => runPropose(options, session),
  );
}

async function runPropose(options: Options, session: Session): Promise<Answer> {
  if (options.out === undefined && session.json)
    throw new PortreeveError(
      'PDP_USAGE',
      'standard output cannot hold the devices and --json: give --out FILE',
    );
  const { folder, stdout } = session.around;
  const config = session.config(options.config);
  const since = options.since === undefined ? undefined : formatInstant(options.since);
  const includeClaimed = options.includeClaimed === true;
  const proposals = new Proposals({
    ...{ tenant: options.tenant, since, includeClaimed, most: options.maxDevices },
  });
  const read = await readAll(options.fromRecords, proposals, session);
  if (proposals.leftOut > 0)
    throw new PortreeveError(
      'PDP_LIMIT_EXCEEDED',
      `there are more than ${options.maxDevices} identities; give --max-devices, or fewer records by --since`,
    );
  const rules: RowRules = { classOf: classOf(config, options.class ?? 'unclassified'), includeClaimed };
  const counts = { proposed: 0, known: 0, unusable: 0 };
  await withInventory(config, session, options.tenant, async (isKnown) => {
    const lines = function* (): Generator<string> {
      for (const proposal of proposals.sorted()) {
        const row = proposedRow(proposal, rules);
        if (isKnown(proposal.device_id)) counts.known += 1;
        else if (!isUsable(row)) counts.unusable += 1;
        else {
          counts.proposed += 1;
          yield `${JSON.stringify(row)}\n`;
        }
      }
    };
    if (options.out === undefined) await writeLines(stdout, lines());
    else await writeWhole(resolve(folder, options.out), lines());
  });
  const data = { file: options.out ?? '-', format: 'ndjson', ...counts, ...read };
  const told = `${counts.proposed} devices proposed, ${counts.known} in the inventory already, ${counts.unusable} with ids that no device can have; ${read.records} records, ${read.damaged} damaged lines`;
  return {
    exit: exitCodes.ok,
    data,
    text: options.out === undefined ? '' : `${plain(options.out)}: ${told}\n`,
  };
}

interface Read {
  readonly records: number;
  /** Lines that are no records: cut off by a crash, damaged, or of something else. */
  readonly damaged: number;
}

/** Throws PDP_FORMAT_NEWER for records of a newer program: what they say is not known. */
async function readAll(names: readonly string[], proposals: Proposals, session: Session): Promise<Read> {
  const { files } = await openRecordSource(names, session);
  const progress = byteProgress(session);
  const onBytes = progress.counting(
    'reading',
    files.reduce((sum, { size }) => sum + size, 0),
  );
  let [records, damaged] = [0, 0];
  try {
    for (const { lines } of files) {
      for await (const line of lines(onBytes)) {
        if (line === '' || (line !== undefined && isOther(line))) continue;
        const record = line === undefined ? undefined : tryRecord(line);
        if (record) proposals.take(record);
        if (record) records += 1;
        else damaged += 1;
      }
    }
  } finally {
    progress.end();
  }
  return { records, damaged };
}

const otherKind = new RegExp(`"kind":"(${[...otherKinds].join('|')})"`);

/** Whether a line is the record of something else than a decision; reasons and headers of one may have such a member, too. */
function isOther(line: string): boolean {
  if (!otherKind.test(line)) return false;
  try {
    return otherKinds.has((JSON.parse(line) as { readonly kind?: unknown } | null)?.kind);
  } catch {
    return false;
  }
}

function tryRecord(line: string): ReturnType<typeof readRecord> | undefined {
  try {
    return readRecord(line);
  } catch (thrown) {
    if (asPortreeveError(thrown).code === 'PDP_FORMAT_NEWER') throw thrown;
    return undefined;
  }
}

/** The one class that takes devices of an anchor. */
function classOf(config: Config, otherwise: string): (anchor: string | null) => string {
  return (anchor) => {
    const taking = Object.entries(config.classes).filter(
      ([, rules]) => anchor !== null && rules.anchors.includes(anchor),
    );
    return taking.length === 1 ? (taking[0]?.[0] ?? otherwise) : otherwise;
  };
}

/** The import's own rules: a file that is proposed is one that can be imported. */
function isUsable(row: object): boolean {
  return buildDraft(row as Record<string, unknown>, () => undefined) !== undefined;
}

/** An installation that was never started knows no devices. */
async function withInventory(
  config: Config,
  session: Session,
  tenant: string,
  work: (isKnown: (id: string) => boolean) => Promise<void>,
): Promise<void> {
  if (!existsSync(config.state.path)) return work(() => false);
  await withStore(config, 'read_only', session.around.clock, (store) => {
    const reader = createInventoryReader(store);
    return work((id) => store.snapshot(() => reader.device(tenant, id)) !== undefined);
  });
}
