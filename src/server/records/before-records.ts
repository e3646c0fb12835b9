import type { Config } from '../../config/types.ts';
import type { ReloadState } from '../reload.ts';
import type { SoleWriter } from './sole-writer.ts';

/** Between two attempts to keep what no record waits for (ms). */
const retryMs = 1000;

/**
 * What must stand before a record does, where a full or failing volume kept it from standing at the start: the lock of
 * the log, and what records name by digest. Answers undefined where nothing is lacking, which is nearly always; rejects
 * and throws PDP_AUDIT_UNAVAILABLE for as long as it is. With `audit.on_failure: continue` no record waits.
 */
export function beforeRecords(
  { audit }: Config,
  sole: Pick<SoleWriter, 'claimRecords'>,
  reload: Pick<ReloadState, 'keep'>,
): () => Promise<void> | undefined {
  if (audit.on_failure === 'deny') {
    return () => {
      sole.claimRecords();
      return reload.keep();
    };
  }
  let trying = false;
  const tryOn = (): void => {
    const keeping = reload.keep();
    trying = keeping !== undefined;
    keeping?.then(
      () => (trying = false),
      () => setTimeout(tryOn, retryMs).unref(),
    );
  };
  return () => {
    if (!trying) tryOn();
    return undefined;
  };
}
