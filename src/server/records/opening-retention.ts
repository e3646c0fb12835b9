import { openingFolderOf } from '../../audit/home.ts';
import { removeOpenings } from '../../audit/redact/openings.ts';
import type { Config } from '../../config/types.ts';
import { formatInstant } from '../../lib/clock.ts';
import type { Clock } from '../../lib/clock.ts';
import { describeThrown } from '../../lib/errors.ts';

/** How often it is looked (ms); whole days are removed, so that more often would find nothing. */
const lookMs = 600_000;

/** Removes what records hide once it is older than `audit.redact.keep`, by whole days. Answers how to stop. */
export function retainOpenings(
  { audit }: Pick<Config, 'audit'>,
  clock: Clock,
  log: (line: string) => void,
): () => void {
  const { keep } = audit.redact;
  if (keep === null) return () => undefined;
  const look = (): void => {
    try {
      const day = formatInstant(clock.now() - keep).slice(0, 10);
      const removed = removeOpenings(openingFolderOf(audit.path), day);
      if (removed > 0) log(`what records of before ${day} hide can be revealed no more`);
    } catch (thrown) {
      log(`what records hide is not removed: ${describeThrown(thrown)}`);
    }
  };
  look();
  const timer = setInterval(look, lookMs);
  return () => clearInterval(timer);
}
