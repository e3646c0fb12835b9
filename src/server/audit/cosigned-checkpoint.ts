import { basename } from 'node:path';
import { parseCheckpoint } from '../../audit/tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../../audit/tlog/checkpoint.ts';
import type { LogFiles } from '../../audit/tlog/log-files.ts';
import { writeNote } from '../../audit/tlog/note.ts';
import type { NoteSignature } from '../../audit/tlog/note.ts';
import { cosignedCheckpointPath } from '../../audit/witness/types.ts';
import type { KeptFolder } from './kept-folder.ts';
import { ownNote } from './seen-log.ts';

/**
 * The largest checkpoint that a witness has cosigned, in a file that anybody may be served: where the one in place is
 * too new to have a cosignature, this is what verifies with one.
 */
export class CosignedCheckpoint {
  readonly #files: LogFiles;
  readonly #folder: KeptFolder;
  #last: Promise<unknown> = Promise.resolve();

  constructor(files: LogFiles, folder: KeptFolder) {
    this.#files = files;
    this.#folder = folder;
  }

  /** Takes a cosignature in, where no larger checkpoint has one. Rejects with PDP_AUDIT_UNAVAILABLE. */
  add(checkpoint: SignedCheckpoint, signature: NoteSignature): Promise<void> {
    const done = this.#last.then(async () => {
      const there = await this.#there();
      if (there !== undefined && there.size > checkpoint.size) return;
      const same = there?.note.text === checkpoint.note.text ? there.note : ownNote(checkpoint);
      const others = same.signatures.filter(({ name }) => name !== signature.name);
      const note = { text: same.text, signatures: [...others, signature] };
      await this.#folder.replace(basename(cosignedCheckpointPath), Buffer.from(writeNote(note)));
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #there(): Promise<SignedCheckpoint | undefined> {
    const bytes = await this.#files.read(cosignedCheckpointPath);
    if (bytes === undefined) return undefined;
    try {
      return parseCheckpoint(bytes);
    } catch {
      // Nothing that can be read is replaced.
      return undefined;
    }
  }
}
