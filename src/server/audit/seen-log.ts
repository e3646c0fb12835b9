import type { Log } from '../../audit/log/types.ts';
import type { SignedCheckpoint } from '../../audit/tlog/checkpoint.ts';
import { writeNote } from '../../audit/tlog/note.ts';
import type { Note } from '../../audit/tlog/note.ts';

/** What outsiders are shown of the log. */
export type SeenLog = Pick<Log, 'checkpoint' | 'countersign' | 'files'>;

/** A checkpoint with the log's own signatures alone: the same bytes whoever has cosigned it meanwhile. */
export function ownNote({ note, origin }: SignedCheckpoint): Note {
  return { text: note.text, signatures: note.signatures.filter(({ name }) => name === origin) };
}

/** The bytes of `ownNote`. */
export function ownBytes(checkpoint: SignedCheckpoint): Uint8Array {
  return Buffer.from(writeNote(ownNote(checkpoint)));
}
