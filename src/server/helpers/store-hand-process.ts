import { parseCertificate } from '../../identity/parse.ts';
import { pruneHistory } from '../../inventory/history.ts';
import { systemClock } from '../../lib/clock.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import { openStore } from '../../store/open.ts';
import { sweepRetired } from '../../store/sweep.ts';
import type { Store } from '../../store/types.ts';
import { admitBundle } from '../bundles/admit.ts';
import { tryBundle } from '../bundles/trial.ts';
import { importInHelper } from './crl-helper.ts';
import { importDevicesInHelper } from './device-helper.ts';
import { importCatalogueFile } from './import-catalogue-file.ts';
import { importCrlFile } from './import-crl-file.ts';
import { importDeviceFile } from './import-device-file.ts';
import type { FromHand, HandDone, HandWork, OthersWork, OwnWork, ToHand } from './store-hand.ts';
import { yieldToDecisions } from './yield-to-decisions.ts';

/** How often it is told that a process which was started still runs (ms); how long it may, is watched where it is started. */
const aliveMs = 10_000;

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
  let elsewhere = 0;
  setInterval(() => elsewhere > 0 && tell({ is: 'alive' }), aliveMs);
  process.on('message', (asked: ToHand) => {
    const { work } = asked;
    if (isOwn(work)) last = last.then(async () => tell(await answer(asked, own(asked.storePath, work))));
    else {
      elsewhere += 1;
      void answer(asked, others(asked.storePath, work)).then((answered) => {
        elsewhere -= 1;
        tell(answered);
      });
    }
  });
}

function tell(message: FromHand): void {
  process.send?.(message);
}

async function answer({ id }: ToHand, work: () => Promise<HandDone[HandWork['is']]>): Promise<FromHand> {
  try {
    return { id, is: 'done', result: await work() };
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown);
    return { id, is: 'failed', code, message };
  }
}

function isOwn(work: HandWork): work is OwnWork {
  return work.is !== 'trial' && work.is !== 'large_crls' && work.is !== 'large_devices';
}

/** What further processes do. */
function others(storePath: string, work: OthersWork): () => Promise<HandDone[OthersWork['is']]> {
  const log = (line: string): void => tell({ is: 'printed', line });
  switch (work.is) {
    case 'trial':
      return () => tryBundle({ config: work.config, bytes: work.bytes, log });
    case 'large_crls':
      return () => importInHelper({ storePath, job: work.job, issuers: work.issuers, log });
    case 'large_devices':
      return () => importDevicesInHelper({ storePath, job: work.job, log });
  }
}

/** What this process does itself. */
function own(storePath: string, work: OwnWork): () => Promise<HandDone[OwnWork['is']]> {
  return async () => {
    if (work.is === 'bundle') return admitBundle(work.bytes, work.admitting);
    // Opened for each: another file may have been put in its place.
    const store = openStore({ path: storePath, mode: 'read_write', now: systemClock.now() });
    try {
      return await doneIn(store, work);
    } finally {
      store.close();
    }
  };
}

async function doneIn(
  store: Store,
  work: Exclude<OwnWork, { is: 'bundle' }>,
): Promise<HandDone[OwnWork['is']]> {
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
