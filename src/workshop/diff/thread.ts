import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { asPortreeveError } from '../../lib/errors.ts';
import type { SettingsSources } from '../records/settings.ts';
import { createJudge } from './judge-block.ts';
import { readSides } from './sides.ts';
import type { FromThread, ToThread } from './threads.ts';

/** What a thread is begun with. */
export interface ThreadData {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly settings: SettingsSources;
  readonly superseded: ReadonlySet<string>;
  readonly skipDamaged: boolean;
}

/** The entry of a thread that decides blocks of records: one answer for each, in their order. */
function main(port: NonNullable<typeof parentPort>, data: ThreadData): void {
  const { before, after, ...options } = data;
  const judge = createJudge({ sides: readSides(before, after), ...options });
  const tell = (message: FromThread): void => port.postMessage(message);
  port.on('message', ({ file, line, bytes }: ToThread) => {
    judge({ file, line, bytes: Buffer.from(bytes) }).then(
      (tally) => tell({ is: 'done', tally }),
      (thrown: unknown) => {
        const { code, message } = asPortreeveError(thrown);
        tell({ is: 'failed', code, message });
      },
    );
  });
}

if (!isMainThread && parentPort) main(parentPort, workerData as ThreadData);
