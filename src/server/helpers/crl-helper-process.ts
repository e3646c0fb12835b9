import { parseCertificate } from '../../identity/parse.ts';
import { asPortreeveError } from '../../lib/errors.ts';
import { openStore } from '../../store/open.ts';
import type { FromCrlHelper, ToCrlHelper } from './crl-helper.ts';
import { importCrlFile } from './import-crl-file.ts';
import { yieldToDecisions } from './yield-to-decisions.ts';

/** Work goes on in pieces of a few milliseconds; its parent is told of them no oftener than each so many entries. */
const entriesBetween = 10_000;
const bytesBetween = 4 * 1024 * 1024;

/**
 * What runs in the process that imports one large file of CRLs: it takes one job, tells how far it is and what came of
 * it, and ends; with its parent, too. Killed at any time it leaves what was in force.
 */
export function runCrlHelper(): void {
  process.once('disconnect', () => process.exit(0));
  // The parent decides when it is over: a terminal's Ctrl-C is for the parent.
  process.on('SIGINT', () => undefined);
  process.once('message', (job: ToCrlHelper) => {
    void work(job).then((last) => {
      process.send?.(last, () => process.disconnect?.());
    });
  });
}

async function work({ storePath, issuers, job }: ToCrlHelper): Promise<FromCrlHelper> {
  try {
    yieldToDecisions();
    const store = openStore({ path: storePath, mode: 'read_write', now: job.now });
    try {
      let told = '';
      const outcomes = await importCrlFile(store, job, issuers.map(parseCertificate), (progress) => {
        const { phase, bytes, entries } = progress;
        const step = `${phase} ${Math.floor(bytes / bytesBetween)} ${Math.floor(entries / entriesBetween)}`;
        if (step === told) return;
        told = step;
        tell({ is: 'progress', progress });
      });
      return { is: 'done', outcomes };
    } finally {
      store.close();
    }
  } catch (thrown) {
    const { code, message } = asPortreeveError(thrown);
    return { is: 'failed', code, message };
  }
}

function tell(message: FromCrlHelper): void {
  process.send?.(message);
}
