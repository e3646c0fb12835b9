import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { exportFiles } from '../../audit/export/export-log.ts';
import type { ExportSummary } from '../../audit/export/export-log.ts';
import { keptInAny } from '../../audit/kept.ts';
import { parseCheckpoint } from '../../audit/tlog/checkpoint.ts';
import { openPlace } from '../../audit/verify/place.ts';
import type { LogPlace } from '../../audit/verify/place.ts';
import type { EpochMs } from '../../lib/clock.ts';
import { sha256Hex } from '../../lib/bytes.ts';
import { asPortreeveError, describeThrown, PortreeveError } from '../../lib/errors.ts';
import { zipBytes } from '../../lib/zip.ts';
import { createLogFetcher } from '../../server/audit/fetch-log.ts';
import { programVersion } from '../../server/program.ts';
import { configOption, finish, instantArgument, type CommonOptions } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../output.ts';
import type { Answer, Session } from '../session.ts';
import { entryBar, readHeld } from './verify-one.ts';

interface Options extends CommonOptions {
  readonly since?: EpochMs;
  readonly checkpoint?: readonly string[];
  readonly out: string;
}

/** `audit export`. */
export function registerAuditExport(group: Command, session: Session): void {
  const command = group
    .command('export')
    .description(
      'write records with everything that verifies and explains them into one archive, to be handed over',
    )
    .argument('[log]', "folder of a log, export (.zip) or address (default: the configuration's)")
    .requiredOption('--out <file>', 'the archive (.zip)')
    .option(
      '--since <instant>',
      'records from then on (RFC 3339); default: all that are there',
      instantArgument,
    )
    .option(
      '--checkpoint <file...>',
      'checkpoints that the receiver holds: the archive then shows that it continues them',
    )
    .addOption(configOption())
    .addHelpText(
      'after',
      '\nIn it: records, checkpoints, hashes and proofs, public keys, the policies and catalogues that records name, a page for the' +
        '\nreader, and verify.mjs, which verifies it on plain Node.js. What it has can be verified with `audit verify` as well.',
    );
  finish(
    command,
    session,
    [
      'audit export --since 2026-11-01T00:00:00Z --out november.zip',
      'audit export /srv/logs/site-b --out site-b.zip --json',
    ],
    (options: Options, [log]) => runExport(log as string | undefined, options, session),
  );
}

async function runExport(log: string | undefined, options: Options, session: Session): Promise<Answer> {
  const { folder, clock } = session.around;
  const location = log ?? session.config(options.config).audit.path;
  const place = await openPlace(location, { folder, fetch: createLogFetcher(clock) });
  const summary: ExportSummary = { origin: '', from: 0, size: 0, kept: 0, missing: 0 };
  const bar = entryBar(location, session);
  try {
    const files = exportFiles(place, summary, {
      ...(options.since !== undefined && { since: options.since }),
      held: (options.checkpoint ?? []).map((name) => parseCheckpoint(readHeld(name, session)).size),
      now: clock.now(),
      program: programVersion,
      kept: (digest) => keptOf(place, digest),
      onTotal: bar.total,
      onEntries: bar.add,
    });
    await writeArchive(resolve(folder, options.out), zipBytes(files));
  } finally {
    bar.end();
  }
  const { origin, from, size, kept, missing } = summary;
  const what = size === from ? 'no entries' : `entries ${from} to ${size - 1}`;
  const lacking = missing > 0 ? `; ${missing} that records name were not kept` : '';
  return {
    exit: exitCodes.ok,
    data: { file: options.out, ...summary },
    text: `${plain(options.out)}: ${what} of ${plain(origin)}, ${kept} policies, catalogues and configurations${lacking}\n`,
  };
}

/** What is damaged is left out and counted: the export must not vouch for it. */
async function keptOf(place: LogPlace, digest: string): Promise<Uint8Array | undefined> {
  if (place.folder === undefined) {
    const bytes = await place.read(`kept/${digest}`);
    return bytes !== undefined && sha256Hex(bytes) === digest ? bytes : undefined;
  }
  try {
    return keptInAny([resolve(place.folder, 'kept')], digest);
  } catch (thrown) {
    if (asPortreeveError(thrown).code === 'PDP_AUDIT_UNAVAILABLE') return undefined;
    throw thrown;
  }
}

/** The archive appears whole, readable by its owner alone, or not at all. */
async function writeArchive(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const partial = `${path}.${process.pid}.part`;
  try {
    const out = createWriteStream(partial, { flags: 'wx', mode: 0o600 });
    await pipeline(Readable.from(bytes, { objectMode: false }), out);
    await rename(partial, path);
  } catch (thrown) {
    await rm(partial, { force: true });
    if (thrown instanceof PortreeveError) throw thrown;
    throw new PortreeveError('PDP_USAGE', `cannot write ${path}: ${describeThrown(thrown)}`, {
      cause: thrown,
    });
  }
}
