import { createWriteStream, mkdirSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { checkpointOf, exportFiles } from '../../audit/export/export-log.ts';
import type { ExportSummary } from '../../audit/export/export-log.ts';
import { keptInAny } from '../../audit/kept.ts';
import { parseCheckpoint } from '../../audit/tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../../audit/tlog/checkpoint.ts';
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
      'write records with everything that verifies and explains them into an archive, to be handed over',
    )
    .argument('[log...]', "folders of logs, exports (.zip) or addresses (default: the configuration's)")
    .requiredOption(
      '--out <path>',
      'the archive (.zip); of several logs, or where it is a folder, the folder that each log gets an archive in',
    )
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
        '\nreader, and verify.mjs, which verifies it on plain Node.js. What it has can be verified with `audit verify` as well.' +
        "\nEach log has an archive of its own, by its origin's name: each is verified with its own key.",
    );
  finish(
    command,
    session,
    [
      'audit export --since 2026-11-01T00:00:00Z --out november.zip',
      'audit export /srv/logs/site-b --out site-b.zip --json',
      'audit export /srv/logs/site-a https://logs.example/site-b/ --out november/',
    ],
    (options: Options, [logs]) => runExport(logs as readonly string[], options, session),
  );
}

async function runExport(logs: readonly string[], options: Options, session: Session): Promise<Answer> {
  const { folder, clock } = session.around;
  const out = resolve(folder, options.out);
  const locations = [...new Set(logs.length > 0 ? logs : [session.config(options.config).audit.path])];
  const isFolder = locations.length > 1 || statSync(out, { throwIfNoEntry: false })?.isDirectory() === true;
  const fetch = createLogFetcher(clock);
  const held = (options.checkpoint ?? []).map((name) => parseCheckpoint(readHeld(name, session)));
  // Whatever keeps one of them from being exported is told before anything is written.
  const places: (readonly [place: LogPlace, origin: string])[] = [];
  for (const location of locations) {
    const place = await openPlace(location, { folder, fetch });
    places.push([place, (await checkpointOf(place)).origin]);
  }
  const strange = held.find(({ origin }) => !places.some(([, own]) => own === origin));
  if (strange)
    throw new PortreeveError('PDP_USAGE', `a checkpoint of ${strange.origin} is of no log that is exported`);
  if (isFolder) makeFolder(out);
  const names = archiveNames(places.map(([, origin]) => origin));
  const done: Exported[] = [];
  for (const [at, [place]] of places.entries()) {
    const file = isFolder ? join(options.out, names[at] as string) : options.out;
    done.push({ file, summary: await exportOne(place, resolve(folder, file), { options, held }, session) });
  }
  const data = done.map(dataOf);
  return {
    exit: exitCodes.ok,
    data: isFolder ? { logs: data } : (data[0] as (typeof data)[number]),
    text: done.map(textOf).join(''),
  };
}

interface Exported {
  readonly file: string;
  readonly summary: ExportSummary;
}

interface Wanted {
  readonly options: Options;
  readonly held: readonly SignedCheckpoint[];
}

async function exportOne(
  place: LogPlace,
  path: string,
  { options: { since }, held }: Wanted,
  session: Session,
): Promise<ExportSummary> {
  const summary: ExportSummary = { origin: '', from: 0, size: 0, kept: 0, missing: [] };
  const bar = entryBar(place.location, session);
  try {
    const files = exportFiles(place, summary, {
      ...(since !== undefined && { since }),
      ...{ held, now: session.around.clock.now(), program: programVersion },
      kept: (digest) => keptOf(place, digest),
      onTotal: bar.total,
      onEntries: bar.add,
    });
    await writeArchive(path, zipBytes(files));
  } finally {
    bar.end();
  }
  return summary;
}

/** What stands in names of files on every system; two logs of one origin are told apart by a number. */
function archiveNames(origins: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return origins.map((origin) => {
    const plainName = origin.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^[._-]+|[._-]+$/g, '') || 'log';
    let name = `${plainName}.zip`;
    for (let number = 2; taken.has(name.toLowerCase()); number += 1) name = `${plainName}-${number}.zip`;
    taken.add(name.toLowerCase());
    return name;
  });
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new PortreeveError('PDP_USAGE', `cannot make the folder ${path}: ${describeThrown(cause)}`, {
      cause,
    });
  }
}

function dataOf({ file, summary }: Exported) {
  const { missing, ...rest } = summary;
  return { file, ...rest, missing: missing.length, not_kept: missing };
}

/** What was not kept that is told to people by its digest. */
const mostTold = 20;

function textOf({ file, summary: { origin, from, size, kept, missing } }: Exported): string {
  const what = size === from ? 'no entries' : `entries ${from} to ${size - 1}`;
  const lines = missing.slice(0, mostTold).map((one) => `  not kept: ${one.content} ${one.digest}\n`);
  const more = missing.length > mostTold ? [`  not kept: ${missing.length - mostTold} more (--json)\n`] : [];
  const along = `${kept} policies, configurations and other files that records name`;
  return [`${plain(file)}: ${what} of ${plain(origin)}, with ${along}\n`, ...lines, ...more].join('');
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
