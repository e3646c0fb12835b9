import { join } from 'node:path';
import { parseVerifier, writeNote } from '../../audit/tlog/note.ts';
import { anchorFolder, witnessFolder } from '../../audit/witness/types.ts';
import type { CosignatureLine } from '../../audit/witness/types.ts';
import type { AuditAnchorConfig, Config, WitnessConfig } from '../../config/types.ts';
import type { Clock } from '../../lib/clock.ts';
import { formatInstant } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';
import { askWitness } from './ask-witness.ts';
import { CosignedCheckpoint } from './cosigned-checkpoint.ts';
import { KeptFolder } from './kept-folder.ts';
import { Outsider } from './outsider.ts';
import type { OutsiderSpec } from './outsider.ts';
import { putAnchor } from './put-anchor.ts';
import { refused } from '../sources/failures.ts';
import { ownNote } from './seen-log.ts';
import type { SeenLog } from './seen-log.ts';
import { timestampAnchor } from './timestamp-anchor.ts';
import { viewOf } from './outsider-view.ts';
import type { OutsiderView } from './outsider-view.ts';

export interface OutsidersOptions {
  /** The log's folder. */
  readonly folder: string;
  /** Null where records are not in a log: then nobody is shown anything. */
  readonly log: SeenLog | null;
  readonly config: Pick<Config['audit'], 'witnesses' | 'anchors'>;
  readonly clock: Clock;
  readonly onFailed?: (kind: string, name: string) => void;
  readonly say: (line: string) => void;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

/** Everybody who is shown checkpoints. */
export interface RunningOutsiders {
  views(): readonly OutsiderView[];
  /** Shows them the latest checkpoint now, without waiting for the end of a pause. */
  ask(): void;
  stop(): Promise<void>;
}

/** With a log. */
type Shown = OutsidersOptions & { readonly log: SeenLog };

const nobody: RunningOutsiders = { views: () => [], ask: () => undefined, stop: () => Promise.resolve() };

/**
 * Begins to show the log's checkpoints to its witnesses and anchors. No answer and no checkpoint ever waits for them,
 * and nothing that goes wrong with them is thrown.
 */
export function startOutsiders(o: OutsidersOptions): RunningOutsiders {
  const { log } = o;
  if (log === null) return nobody;
  const witnessing = new KeptFolder(join(o.folder, witnessFolder));
  const anchoring = new KeptFolder(join(o.folder, anchorFolder));
  const cosigned = new CosignedCheckpoint(log.files, witnessing);
  const outsiders = [
    ...o.config.witnesses.map((witness) => witnessSpec(witness, { ...o, log }, witnessing, cosigned)),
    ...o.config.anchors.map((anchor) => anchorSpec(anchor, { ...o, log }, anchoring)),
  ].map(
    (spec) =>
      new Outsider(spec, {
        clock: o.clock,
        random: o.random ?? Math.random,
        onFailed: ({ kind, name }) => o.onFailed?.(kind, name),
        log: o.say,
      }),
  );
  for (const one of outsiders) one.start();
  return {
    views: () => outsiders.map((one) => viewOf(one, log.checkpoint()?.size ?? 0, o.clock.now())),
    ask: () => outsiders.forEach((one) => one.ask()),
    stop: async () => {
      await Promise.all(outsiders.map((one) => one.stop()));
    },
  };
}

function witnessSpec(
  witness: WitnessConfig,
  { log, clock, say }: Shown,
  kept: KeptFolder,
  cosigned: CosignedCheckpoint,
): OutsiderSpec {
  const verifier = parseVerifier(witness.key);
  const { name } = verifier;
  return {
    ...common('witness', name, witness.interval, log, kept),
    show: async ({ size: known }, signal) => {
      const now = (): number => clock.now();
      const answer = await askWitness({ witness, verifier, log, known, now, signal });
      const { checkpoint, signature, at } = answer;
      const own = ownNote(checkpoint);
      const line: CosignatureLine = {
        at: formatInstant(clock.now()),
        checkpoint: writeNote({ ...own, signatures: [...own.signatures, signature] }),
      };
      await kept.append(line, clock.now());
      await cosigned.add(checkpoint, signature);
      // The checkpoint in place says so too, where it still is this one.
      await log
        .countersign(checkpoint.size, [signature])
        .catch((thrown: unknown) => say(`a cosignature was not added: ${describeThrown(thrown)}`));
      return { size: checkpoint.size, at };
    },
  };
}

function anchorSpec(anchor: AuditAnchorConfig, { log, clock }: Shown, kept: KeptFolder): OutsiderSpec {
  const kind = anchor.put === null ? 'timestamp' : 'put';
  return {
    ...common(kind, anchor.name, anchor.interval, log, kept),
    show: async (_, signal) => {
      const checkpoint = log.checkpoint();
      if (checkpoint === undefined) throw refused('the log has no checkpoint yet');
      const question = { anchor, checkpoint, now: () => clock.now(), signal };
      const { put, timestamp, timestamp_cas: cas } = anchor;
      const { line, at } =
        put === null
          ? await timestampAnchor(timestamp ?? '', cas ?? '', question)
          : await putAnchor(put, question);
      await kept.append(line, clock.now());
      return { size: checkpoint.size, at };
    },
  };
}

function common(
  kind: OutsiderSpec['kind'],
  name: string,
  interval: number,
  log: SeenLog,
  kept: KeptFolder,
): Omit<OutsiderSpec, 'show'> {
  return {
    ...{ kind, name, interval },
    latest: () => log.checkpoint()?.size,
    remember: async () => (await kept.standings()).get(name),
    stand: (standing) => kept.stand(name, standing),
  };
}
