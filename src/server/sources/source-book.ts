import { describeThrown } from '../../lib/errors.ts';
import { forgetSourceState, readSourceStates, writeSourceState } from '../../store/source-states.ts';
import type { SourceState } from '../../store/source-states.ts';
import type { Store } from '../../store/types.ts';
import { crlFileKind } from '../files/file-states.ts';
import { locationText } from './read-location.ts';
import { newState } from './source-view.ts';
import type { SourceSpec } from './types.ts';

/** The states of all sources, in memory and in the store. */
export interface SourceBook {
  get(spec: SourceSpec): SourceState;
  /** Notes a state; where the store does not take it just now it holds in memory, and that is told once. */
  note(state: SourceState): void;
  /** Notes a state or throws PDP_STORE_UNAVAILABLE: for what must not be lost. */
  noteForGood(state: SourceState): void;
  /** Reads the store again, and forgets sources that are not among these. */
  keepOnly(specs: readonly SourceSpec[]): void;
}

/** The key of a source among all. */
export function sourceKey({ kind, name }: Pick<SourceSpec, 'kind' | 'name'> | SourceState): string {
  return `${kind}\0${name}`;
}

/** Opens the book of a store; what cannot be read begins anew, and that is told. */
export function openSourceBook(store: Store, log: (line: string) => void): SourceBook {
  let states = new Map<string, SourceState>();
  let failing: string | undefined;
  const tell = (thrown: unknown): void => {
    const problem = describeThrown(thrown);
    if (problem !== failing) log(`the state of sources is not kept: ${problem}`);
    failing = problem;
  };
  const noteForGood = (state: SourceState): void => {
    writeSourceState(store, state);
    states.set(sourceKey(state), state);
    failing = undefined;
  };
  return {
    get: (spec) => {
      const location = locationText(spec);
      const known = states.get(sourceKey(spec)) ?? newState(spec.kind, spec.name, location);
      return known.location === location ? readAs(known, spec) : moved(known, location);
    },
    noteForGood,
    note: (state) => {
      try {
        noteForGood(state);
      } catch (thrown) {
        states.set(sourceKey(state), state);
        tell(thrown);
      }
    },
    keepOnly: (specs) => {
      try {
        const wanted = new Set(specs.map(sourceKey));
        states = new Map(readSourceStates(store).map((state) => [sourceKey(state), state]));
        for (const [key, { kind, name, sequence }] of states) {
          // Responders are asked, and watched files read, and noted, elsewhere.
          if (wanted.has(key) || kind === 'ocsp' || kind === crlFileKind) continue;
          if (sequence === null) forgetSourceState(store, kind, name);
          states.delete(key);
        }
      } catch (thrown) {
        tell(thrown);
      }
    },
  };
}

/** What is noted as applied: the SHA-256 of the bytes, and how they were read where that matters. */
export function appliedAs(digest: string, { reading }: Pick<SourceSpec, 'reading'>): string {
  return reading === undefined ? digest : `${digest}.${reading}`;
}

/** Read in another way, the same bytes are new, and worth asking for at once. */
function readAs(state: SourceState, spec: SourceSpec): SourceState {
  const [bytes] = state.digest?.split('.') ?? [];
  if (bytes === undefined || state.digest === appliedAs(bytes, spec)) return state;
  return { ...state, digest: null, etag: null, lastModified: null, nextFetch: null };
}

/** At another place the same name begins anew, but for its sequence, which belongs to whoever signs. */
function moved(state: SourceState, location: string): SourceState {
  const { sequence, sequenceDigest } = state;
  return { ...newState(state.kind, state.name, location), sequence, sequenceDigest };
}
