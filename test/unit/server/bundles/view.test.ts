import test from 'ava';
import type { Config } from '../../../../src/config/types.ts';
import { candidates } from '../../../../src/server/bundles/candidates.ts';
import { keepBundle } from '../../../../src/server/bundles/table.ts';
import { bundleStanding } from '../../../../src/server/bundles/view.ts';
import { newState } from '../../../../src/server/sources/source-view.ts';
import { writeSourceState } from '../../../../src/store/source-states.ts';
import { temporaryStore } from '../../../helpers/temporary-store.ts';

const minute = 60_000;
const now = 1_700_000_000_000;

function source(name: string) {
  const pace = { ca: null, interval: 1000, timeout: 1000, max_bytes: 1e7, max_age: 10 * minute };
  return { name, file: `/${name}`, folder: null, url: null, headers_file: null, redirects: [], ...pace };
}

const config = {
  policy: {
    ...{ bundle: null, sources: [source('office'), source('mirror')], signed_by: [] },
    ...{ max_age: 10 * minute, grace: 5 * minute },
  },
} as unknown as Config;

test('a source that was heard at a time still to come is stale, for its turn and in what is told', (t) => {
  const store = temporaryStore(t);
  for (const name of ['office', 'mirror']) {
    const bytes = Buffer.from(name);
    const bundle = { digest: name, bytes, revision: name, source: name, location: `/${name}`, broughtAt: 1 };
    keepBundle(store, { ...bundle, keyId: null, tested: '', cases: 0 }, 10);
  }
  const heard = (name: string, at: number): void =>
    writeSourceState(store, { ...newState('policy', name, `/${name}`), lastSuccess: at });
  const freshness = (name: string) =>
    bundleStanding(
      { config, bundle: { origin: { source: name, location: `/${name}`, pinned: false } } },
      { store, refused: null, now },
    ).freshness;
  const first = () => candidates(config, store, now)[0]?.origin.source;

  heard('office', now - minute);
  heard('mirror', now - 12 * minute);
  t.deepEqual([freshness('office'), freshness('mirror'), first()], ['fresh', 'within_grace', 'office']);
  heard('mirror', now);
  heard('office', now + 60 * minute);
  t.deepEqual([freshness('office'), freshness('mirror'), first()], ['stale', 'fresh', 'mirror']);
});
