import { parseCertificate } from '../identity/parse.ts';
import { pruneHistory } from '../inventory/history.ts';
import { systemClock } from '../lib/clock.ts';
import { asPortreeveError } from '../lib/errors.ts';
import { openStore } from '../store/open.ts';
import { sweepRetired } from '../store/sweep.ts';
import type { Store } from '../store/types.ts';
import { admitBundle } from './bundles/admit.ts';
import { importCatalogueFile } from './import-catalogue-file.ts';
import { importCrlFile } from './import-crl-file.ts';
import { importDeviceFile } from './import-device-file.ts';
import type { FromHand, HandDone, HandWork, ToHand } from './store-hand.ts';
import { yieldToDecisions } from './yield-to-decisions.ts';

/**
 * What runs in the process that works on the store for a server: it takes one piece of work after the other, tells what
 * came of each, and ends with its parent. Killed at any time it leaves what was in force.
 */
export function runStoreHand(): void {
  process.once('disconnect', () => process.exit(0));
  // The parent decides when it is over: a terminal's Ctrl-C is for the parent.
  process.on('SIGINT', () => undefined);
  yieldToDecisions();
  let last: Promise<void> = Promise.resolve();
  process.on('message', (asked: ToHand) => {
    last = last.then(async () => void process.send?.(await answer(asked)));
  });
}

async function answer({ id, storePath, work }: ToHand): Promise<FromHand> {
  try {
    return { id, is: 'done', result: await done(storePath, work) };
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown);
    return { id, is: 'failed', code, message };
  }
}

async function done(storePath: string, work: HandWork): Promise<HandDone[HandWork['is']]> {
  if (work.is === 'bundle') return admitBundle(work.bytes, work.admitting);
  // Opened for each: another file may have been put in its place.
  const store = openStore({ path: storePath, mode: 'read_write', now: systemClock.now() });
  try {
    return await doneIn(store, work);
  } finally {
    store.close();
  }
}

async function doneIn(
  store: Store,
  work: Exclude<HandWork, { is: 'bundle' }>,
): Promise<HandDone[HandWork['is']]> {
  switch (work.is) {
    case 'crls':
      return importCrlFile(store, work.job, work.issuers.map(parseCertificate));
    case 'devices':
      return importDeviceFile(store, work.job);
    case 'catalogue':
      return importCatalogueFile(store, work.job);
    case 'tidy':
      return tidy(store, work);
  }
}

async function tidy(
  store: Store,
  { budgetMs, historyBefore }: Extract<HandWork, { is: 'tidy' }>,
): Promise<null> {
  const until = systemClock.monotonic() + budgetMs;
  await sweepRetired(store, budgetMs);
  while (pruneHistory(store, historyBefore) > 0) if (systemClock.monotonic() >= until) break;
  return null;
}
