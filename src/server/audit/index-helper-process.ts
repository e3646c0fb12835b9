import { constants, cpus, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { LogFollower } from '../../audit/index/follow.ts';
import { folderFiles } from '../../audit/log/folder-files.ts';
import { openTree } from '../../audit/sources/tree-log.ts';
import { parseCheckpoint } from '../../audit/tlog/checkpoint.ts';
import { checkpointPath } from '../../audit/tlog/log-files.ts';
import { tileWidth } from '../../audit/tlog/tile-path.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import type { FromIndexHelper, ToIndexHelper } from './index-helper.ts';

/** Between two looks at the log (ms): it has a checkpoint a second. */
const everyMs = 1000;
/** After a failure (ms). */
const laterMs = 30_000;
/** Entries that the index may lack while the machine is busy: whoever asks something adds them in seconds. */
const mostLag = 100_000;
/** Share of the processors' time above which the machine is busy. */
const busyShare = 0.6;

/**
 * What runs in the process that follows a log with the index beside it: it takes one order and works until its parent
 * ends, at the lowest priority that there is. Killed at any time it leaves an index that lacks what comes last.
 */
export function runIndexHelper(): void {
  process.once('disconnect', () => process.exit(0));
  // The parent decides when it is over: a terminal's Ctrl-C is for the parent.
  process.on('SIGINT', () => undefined);
  process.once('message', (order: ToIndexHelper) => void follow(order));
}

async function follow({ folder, maxBytes }: ToIndexHelper): Promise<never> {
  yieldToDecisions();
  const isBusy = busyMeter();
  const follower = new LogFollower(folder, folder);
  // Whole tiles that the index has; a log that did not grow by one is not opened.
  for (let tiles = -1; ;) {
    let wait = everyMs;
    try {
      const whole = await wholeTiles(folder);
      const mayWait = isBusy() && tiles >= 0 && (whole - tiles) * tileWidth < mostLag;
      if (whole !== tiles && !mayWait) {
        const tree = await openTree(folder, folderFiles(folder), folder);
        if (tree) {
          const { next, size, bytes } = await follower.follow(tree, { maxBytes });
          tell({ is: 'state', next, size, bytes });
          tiles = Math.floor(size / tileWidth);
        }
      }
    } catch (thrown) {
      tell({ is: 'failed', message: asPortreeveError(thrown).message });
      wait = laterMs;
    }
    await sleep(wait);
  }
}

/** Makes the look at whether the machine was busy since the last one; the priority of a process alone saves no work. */
function busyMeter(): () => boolean {
  let [before, idleBefore] = [0, 0];
  return () => {
    const times = cpus().map((one) => one.times);
    const idle = times.reduce((sum, one) => sum + one.idle, 0);
    const all = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle);
    const share = all === before ? 0 : 1 - (idle - idleBefore) / (all - before);
    [before, idleBefore] = [all, idle];
    return share > busyShare;
  };
}

async function wholeTiles(folder: string): Promise<number> {
  const bytes = await folderFiles(folder).read(checkpointPath);
  return bytes === undefined ? -1 : Math.floor(parseCheckpoint(bytes).size / tileWidth);
}

function tell(message: FromIndexHelper): void {
  if (process.connected) process.send?.(message);
}

function yieldToDecisions(): void {
  try {
    setPriority(constants.priority.PRIORITY_LOW);
  } catch {
    // Not every system lets a process lower its own; the index is right without.
    return;
  }
}
