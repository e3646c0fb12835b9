import { cosignatureOf } from '../tlog/cosignature.ts';
import { isOf } from '../tlog/note.ts';
import type { NoteVerifier } from '../tlog/note.ts';
import { asCosignatureLine } from './kept-lines.ts';
import { invalid, keptCheckpoint, unknown } from './look.ts';
import type { Looked } from './look.ts';
import type { OutsiderTrust, Sighting } from './types.ts';

/** What a line of `witness/` proves: every right cosignature by a witness that the caller trusts. Never throws. */
export function lookAtCosignatures(line: unknown, trust: OutsiderTrust): Looked {
  const kept = asCosignatureLine(line);
  if (kept === undefined) return invalid('is no line of a cosignature');
  const checkpoint = keptCheckpoint(kept.checkpoint, trust.log);
  if ('problem' in checkpoint) return checkpoint;
  const { note, size } = checkpoint;
  const sightings: Sighting[] = [];
  for (const witness of trust.witnesses) {
    const cosignature = cosignatureOf(note, witness);
    if (cosignature !== undefined)
      sightings.push({ by: 'witness', name: witness.name, size, at: cosignature.timeS * 1000 });
    else if (note.signatures.some((one) => isOf(one, witness)))
      return invalid(`the cosignature of ${witness.name} is wrong`);
  }
  if (sightings.length > 0) return { checkpoint, sightings };
  return unknown(`no key was given for ${others(note.signatures, trust.log)}`);
}

function others(signatures: readonly { readonly name: string }[], log: readonly NoteVerifier[]): string {
  const own = new Set(log.map(({ name }) => name));
  const names = new Set(signatures.map(({ name }) => name).filter((name) => !own.has(name)));
  return names.size === 0 ? 'a witness: there is no cosignature' : `the witness ${[...names].join(', ')}`;
}
