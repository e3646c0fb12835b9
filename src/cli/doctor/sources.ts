import { statSync } from 'node:fs';
import { formatDuration } from '../../lib/duration.ts';
import { describeThrown } from '../../lib/errors.ts';
import { loadAuthorities } from '../../server/loaded.ts';
import { configuredSources } from '../../server/sources/configured.ts';
import type { SourceEntry, SourceView } from '../../server/sources/types.ts';
import { sourceViews } from '../sources.ts';
import { withStore } from '../with-store.ts';
import { adviceAfter, fail, ok, warn, type Finding, type Patient } from './finding.ts';

const check = 'sources';

/** What the server last heard of each background source and watched CRL file, and whether the files with their tokens are private. */
export async function examineSources(patient: Patient): Promise<readonly Finding[]> {
  const { config, around } = patient;
  let asked = 0;
  try {
    const authorities = loadAuthorities(config);
    const configured = configuredSources(config, authorities);
    asked = configured.length;
    if (asked === 0 && config.revocation.crls.length === 0) return [];
    const views = await withStore(config, 'read_only', around.clock, (store) =>
      sourceViews(config, authorities, store, around.clock.now()),
    );
    return [...views.map(judge), ...configured.flatMap(examineHeaders)];
  } catch (thrown) {
    // Watched files need no server that has asked; of a store that is missing the store's own check tells.
    if (asked === 0) return [];
    const advice = 'start the server once, so that it asks its sources';
    return [fail(check, describeThrown(thrown), adviceAfter(thrown, patient, advice))];
  }
}

function judge({ kind, name, age_s: age, stale, error, failures }: SourceView): Finding {
  const told = `${kind} source ${name}: ${age === null ? 'never read' : `last read ${formatDuration(age * 1000)} ago`}`;
  if (error)
    return (stale ? fail : warn)(
      check,
      `${told}; ${failures} failed since: ${error.message}`,
      'mend what the message says; the server goes on trying, and SIGHUP makes it try at once',
    );
  if (stale) return warn(check, told, 'is the server running? it asks in the background');
  return ok(check, told);
}

/** Tokens that everybody on the machine may read are nobody's secret. */
function examineHeaders({ name, location }: SourceEntry): Finding[] {
  const file = 'url' in location ? location.headers_file : null;
  if (file === null) return [];
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found)
    return [
      fail(
        check,
        `headers file ${file} of ${name} is not there`,
        'put it in place; it is read anew each time',
      ),
    ];
  if ((found.mode & 0o004) === 0) return [];
  return [warn(check, `everybody may read the headers file ${file} of ${name}`, `chmod 640 ${file}`)];
}
