import type { EpochMs } from '../../lib/clock.ts';
import { toHex } from '../../lib/bytes.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { checkpointPath } from '../tlog/log-files.ts';
import type { NoteVerifier } from '../tlog/note.ts';
import type { OutsiderTrust } from '../witness/types.ts';
import { tilePath, tileWidth, widthAt } from '../tlog/tile-path.ts';
import { checkBeside, exportBegin } from './beside.ts';
import { EarlierRoots } from './earlier-roots.ts';
import { Findings } from './findings.ts';
import type { Finding } from './findings.ts';
import { firstThere } from './first-there.ts';
import { IndexCheck } from './index-check.ts';
import { checkHistory, heldName, keptCheckpoints, readKept, readSigned } from './history.ts';
import type { Earlier, KeptFile } from './history.ts';
import { keysFor, readKeyHistory, vouchedFor } from './keys.ts';
import type { KeyHistory } from './keys.ts';
import type { LogPlace } from './place.ts';
import { edgeBefore } from './read-tiles.ts';
import { RecordWatch } from './record-watch.ts';
import { scan } from './scan.ts';
import { operatorOnly, seenOutside } from './seen-outside.ts';
import type { SeenOutside } from './seen-outside.ts';
import { firstSince } from './since.ts';
import { checkTree } from './tree-check.ts';

export interface VerifyOptions {
  /** Keys of the log that the reader has from elsewhere; with none those in the log are taken, which is said. */
  readonly keys: readonly NoteVerifier[];
  /** They are for several logs, each for those that bear its name. */
  readonly areForSeveral?: boolean;
  /** A checkpoint that the reader holds, as its file's bytes. */
  readonly held?: Uint8Array;
  /** Entries before are not read again: only their hashes, as the tiles have them. `held` = those of the held checkpoint. */
  readonly since?: EpochMs | 'held';
  /** Whom the reader believes beside the log's operator; nobody unless said. */
  readonly outside?: Omit<OutsiderTrust, 'log'>;
  /** Told how many entries are to be looked at, and then of each bundle. */
  readonly onTotal?: (entries: number) => void;
  readonly onEntries?: (count: number) => void;
}

/** What verification says of a log. */
export interface LogReport {
  readonly location: string;
  readonly verdict: 'verified' | 'failed';
  readonly origin: string | null;
  /** Entries that the checkpoint covers, and its root. */
  readonly size: number | null;
  readonly root: string | null;
  /** Entries that were read and hashed: `from` up to below `size`. */
  readonly from: number | null;
  readonly decisions: number;
  /** Records of all other kinds. */
  readonly others: number;
  /** Times of the first and the last record that were read. */
  readonly first: EpochMs | null;
  readonly last: EpochMs | null;
  /** How often a heartbeat is due, and whether the server has stopped by its own word. */
  readonly beatMs: number | null;
  readonly stopped: boolean;
  /** What outsiders say, in words: whom it was checked against, and what none of them saw. */
  readonly outside: readonly string[];
  /** Text forms of the keys that counted. */
  readonly keys: readonly string[];
  readonly findings: readonly Finding[];
  readonly remarks: readonly Finding[];
  /** How many more were found and are not told. */
  readonly untold: number;
}

/** What was verified, for those that go on from it. */
export interface Verified {
  readonly report: LogReport;
  readonly checkpoint: SignedCheckpoint | undefined;
  readonly keys: KeyHistory;
}

/** Verifies one log: keys, checkpoint, every entry and tile, history, records. Throws only where files cannot be read. */
export async function verifyLog(place: LogPlace, options: VerifyOptions): Promise<Verified> {
  const findings = new Findings();
  const keys = await readKeyHistory(place, await givenFor(place, options, findings), findings);
  const kept = await readKept(place);
  const checkpoint = await readCheckpoint(place, keys, findings);
  const watch = new RecordWatch(findings);
  const from =
    checkpoint && (await verifyEntries({ place, options, keys, kept, checkpoint, findings, watch }));
  const outside =
    checkpoint && (await outsideOf({ place, options, keys, kept, checkpoint, findings, watch }, from));
  const report: LogReport = {
    location: place.location,
    verdict: findings.wrong.length === 0 ? 'verified' : 'failed',
    origin: checkpoint?.origin ?? null,
    size: checkpoint?.size ?? null,
    root: checkpoint ? toHex(checkpoint.root) : null,
    from: from ?? null,
    decisions: watch.decisions,
    others: watch.others,
    first: watch.first ?? null,
    last: watch.last ?? null,
    beatMs: watch.beatMs ?? null,
    stopped: watch.stopped,
    outside: outside?.lines ?? [operatorOnly],
    keys: vouchedFor(keys).keys.map(({ verifier }) => verifier.text),
    findings: findings.wrong,
    remarks: findings.remarks,
    untold: findings.untold,
  };
  return { report, checkpoint, keys };
}

/** Where none is for this log all are taken, so that it fails by them. */
async function givenFor(
  place: LogPlace,
  { keys: given, areForSeveral }: VerifyOptions,
  findings: Findings,
): Promise<readonly NoteVerifier[]> {
  if (areForSeveral !== true || given.length === 0) return given;
  const { name, keys } = await keysFor(place, given);
  if (keys.length > 0 || name === null) return keys;
  const names = [...new Set(given.map((key) => key.name))].join(', ');
  findings.fail('key.unknown', null, `no key was given for this log, ${name}: those given are for ${names}`);
  return given;
}

async function readCheckpoint(
  place: LogPlace,
  keys: KeyHistory,
  findings: Findings,
): Promise<SignedCheckpoint | undefined> {
  const bytes = await place.read(checkpointPath);
  if (bytes === undefined) {
    findings.fail('checkpoint.missing', null, 'there is no checkpoint');
    return undefined;
  }
  return readSigned(bytes, vouchedFor(keys), '', findings);
}

interface Work {
  readonly place: LogPlace;
  readonly options: VerifyOptions;
  readonly keys: KeyHistory;
  readonly kept: readonly KeptFile[];
  readonly checkpoint: SignedCheckpoint;
  readonly findings: Findings;
  readonly watch: RecordWatch;
}

function outsideOf(
  { place, options, keys, checkpoint, findings, watch }: Work,
  from: number | undefined,
): Promise<SeenOutside> {
  const log = keys.keys.map(({ verifier }) => verifier);
  const span = { first: from === 0 ? (watch.first ?? null) : null, last: watch.last ?? null };
  const trust = { witnesses: [], timestampAnchors: [], ...options.outside, log };
  return seenOutside(place, trust, { current: checkpoint, span }, findings);
}

/** Answers the first entry that was read; undefined where none could be. */
async function verifyEntries(work: Work): Promise<number | undefined> {
  const { place, options, checkpoint, findings, watch } = work;
  const { size } = checkpoint;
  const earlier = earlierOf(work);
  const there = await firstThere(place, size);
  const from = await beginning(work, there, earlier);
  const edge = await edgeBefore(place, from, size);
  if ('code' in edge) {
    findings.fail(
      edge.code,
      from,
      `${edge.message}: entries from ${from} on cannot be tied to the checkpoint`,
    );
    return undefined;
  }
  const { folder } = place;
  const beside = { files: place, checkpoint, first: there, ...(folder !== undefined && { folder }) };
  const index = await IndexCheck.open(beside, findings);
  options.onTotal?.(size - from);
  const result = await scan({
    ...{ files: place, size, from, edge },
    wanted: [...new Set(earlier.map(({ checkpoint: one }) => one.size))].filter(
      (at) => at >= from && at <= size,
    ),
    onBundle: (first, bundle) => {
      watch.take(first, bundle);
      index?.take(first, bundle);
    },
    onEntries: (count) => options.onEntries?.(count),
  }).finally(() => index?.close());
  const tree = await checkTree({ files: place, head: checkpoint, scan: result, findings });
  const { rows, roots } = result;
  const before = new EarlierRoots({ files: place, size, there, from, rows, findings });
  await checkHistory({ current: checkpoint, earlier, roots, before, tree, findings });
  await tellPruned(work, there);
  if (tree === 'sound') await checkBeside(place, { from: there, size }, findings);
  return from;
}

function earlierOf({ options, keys, kept, findings }: Work): readonly Earlier[] {
  const own = keptCheckpoints(kept, keys, findings);
  const held = options.held && readSigned(options.held, keys, ` ${heldName}`, findings);
  return held ? [...own, { checkpoint: held, name: heldName }] : own;
}

/** Where reading begins: at what is there, or at what was asked for. */
async function beginning(
  { place, options: { since }, checkpoint: { size } }: Work,
  there: number,
  earlier: readonly Earlier[],
): Promise<number> {
  if (since === undefined) return there;
  const held = earlier.find(({ name }) => name === heldName)?.checkpoint.size ?? 0;
  const wanted = since === 'held' ? Math.min(held, size) : await firstSince(place, size, there, since);
  return Math.max(there, wanted - (wanted % tileWidth));
}

/** What retention has taken is no fault where the log says that it has one. */
async function tellPruned(
  { place, findings, watch, checkpoint: { size } }: Work,
  there: number,
): Promise<void> {
  if (there === 0) return;
  const entries = `entries 0 to ${there - 1}`;
  if ((await exportBegin(place)) === there) {
    findings.remark('log.pruned', 0, `${entries} are not in the export, which begins at ${there}`);
    return;
  }
  if (there <= watch.prunedBelow) {
    findings.remark('log.pruned', 0, `${entries} are gone: the log's retention has taken them`);
    return;
  }
  const path = tilePath({ level: 'entries', index: 0, width: widthAt('entries', 0, size) });
  findings.fail(
    'entry.missing',
    0,
    `${entries} are missing: ${path} is not there, and the log does not say that its retention took them`,
  );
}
