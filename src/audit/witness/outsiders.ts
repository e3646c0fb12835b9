import type { LogFiles } from '../tlog/log-files.ts';
import { lookAtAnchor } from './anchored.ts';
import { Continuity } from './continuity.ts';
import { lookAtCosignatures } from './cosigned.ts';
import { keptLines } from './kept-lines.ts';
import type { BrokenLine, KeptLine } from './kept-lines.ts';
import { whoseFault } from './look.ts';
import type { Looked, ProblemFound } from './look.ts';
import { readBack } from './read-back.ts';
import { anchorFolder, cosignedCheckpointPath, witnessFolder } from './types.ts';
import type { OutsiderProblem, OutsiderQuestion, Outsiders, OutsiderTrust, Sighting } from './types.ts';
import { stretchesOf, worstOf } from './unseen.ts';

/** What lines are looked at with. */
interface Looking {
  readonly continuity: Continuity;
  readonly problems: Problems;
  readonly trust: OutsiderTrust;
}

type Lines = AsyncIterable<KeptLine<unknown> | BrokenLine>;

/**
 * Verifies all that a log keeps of what outsiders said: each cosignature and time-stamp by the keys and authorities that
 * the caller trusts, each object by what its store holds, and each tree that they saw against the present one, by a
 * consistency proof from the log's own tiles. What does not hold is a problem and counts for nothing. Rejects with what
 * reading throws (files, stores) and PDP_INPUT_MALFORMED for a list of files that is none.
 */
export async function outsiders(
  files: LogFiles,
  trust: OutsiderTrust,
  question: OutsiderQuestion,
): Promise<Outsiders> {
  const problems = new Problems();
  const { readObject, counts } = await readBack(files, trust);
  const anchorTrust = { ...trust, ...(readObject && { readObject }) };
  const looking = { continuity: new Continuity(files, question.current), problems, trust };
  const witnessed = await seen(cosignatures(files), (line) => lookAtCosignatures(line, trust), looking);
  const anchored = await seen(
    keptLines(files, anchorFolder),
    (line) => lookAtAnchor(line, anchorTrust),
    looking,
  );
  const worst = worstOf(stretchesOf([...witnessed, ...anchored], question));
  const nobody = witnessed.length + anchored.length === 0 || worst === undefined;
  return {
    ...{ witnessed, anchored, problems: problems.all(), objects: counts() },
    longestUnseen: nobody ? 'operator only' : worst,
  };
}

/** The kept ones, and those of the cosigned checkpoint: it is complete where lines were lost. */
async function* cosignatures(
  files: LogFiles,
): AsyncGenerator<KeptLine<unknown> | BrokenLine, void, undefined> {
  yield* keptLines(files, witnessFolder);
  const bytes = await files.read(cosignedCheckpointPath);
  if (bytes === undefined) return;
  const checkpoint = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  yield { where: cosignedCheckpointPath, line: { at: '', checkpoint } };
}

async function seen(
  lines: Lines,
  look: (line: unknown) => Looked | Promise<Looked>,
  looking: Looking,
): Promise<readonly Sighting[]> {
  const { problems } = looking;
  const found = new Map<string, Sighting>();
  for await (const one of lines) {
    if ('problem' in one) {
      problems.add(one.where, { kind: 'invalid', message: one.problem });
      continue;
    }
    const looked = await look(one.line);
    const problem = 'problem' in looked ? looked.problem : await discontinuity(looked, looking);
    if (problem !== undefined) problems.add(one.where, problem);
    else if ('sightings' in looked)
      for (const sighting of looked.sightings) found.set(keyOf(sighting), sighting);
  }
  return [...found.values()].sort((a, b) => a.size - b.size || a.at - b.at);
}

async function discontinuity(
  { checkpoint, sightings }: Extract<Looked, { checkpoint: unknown }>,
  { continuity, trust }: Looking,
): Promise<ProblemFound | undefined> {
  const who = [...new Set(sightings.map(({ name }) => name))].join(', ');
  const problem = await continuity.problemOf(checkpoint, who);
  return problem && whoseFault(problem, checkpoint, trust.log);
}

function keyOf({ by, name, size, at }: Sighting): string {
  return JSON.stringify([by, name, size, at]);
}

/** What is wrong, the same thing told once. */
class Problems {
  readonly #found = new Map<string, OutsiderProblem>();

  add(where: string, { kind, message }: ProblemFound): void {
    const key = `${kind} ${message}`;
    const known = this.#found.get(key);
    this.#found.set(key, known ? { ...known, count: known.count + 1 } : { kind, where, message, count: 1 });
  }

  all(): readonly OutsiderProblem[] {
    return [...this.#found.values()];
  }
}
