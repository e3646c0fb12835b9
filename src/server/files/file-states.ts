import { forgetSourceState, readSourceStates, writeSourceState } from '../../store/source-states.ts';
import type { SourceState } from '../../store/source-states.ts';
import type { Store } from '../../store/types.ts';

/** What the states of watched CRL files are kept as: beside those of sources, which are asked, and noted, elsewhere. */
export const crlFileKind = 'crl_file';

/** Notes what came of reading a watched file, for commands; a store that does not take it tells of itself elsewhere. */
export function noteFileState(store: Store, state: SourceState): void {
  quietly(() => writeSourceState(store, { ...state, kind: crlFileKind }));
}

/** Forgets all files but these. */
export function keepFileStates(store: Store, paths: ReadonlySet<string>): void {
  quietly(() => {
    for (const { name } of fileStates(store))
      if (!paths.has(name)) forgetSourceState(store, crlFileKind, name);
  });
}

/** Forgets a file that went away. */
export function forgetFileState(store: Store, path: string): void {
  quietly(() => forgetSourceState(store, crlFileKind, path));
}

/** What came of the watched files, as the server last read them. Throws PDP_STORE_UNAVAILABLE. */
export function fileStates(store: Store): readonly SourceState[] {
  return readSourceStates(store).filter(({ kind }) => kind === crlFileKind);
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // The files themselves are what counts, and the server's own view of them is in memory.
    return;
  }
}
