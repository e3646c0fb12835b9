import { statSync } from 'node:fs';
import { join } from 'node:path';
import { recordMode } from '../../audit/home.ts';
import { parseVerifier } from '../../audit/tlog/note.ts';
import { anchorFolder, witnessFolder } from '../../audit/witness/types.ts';
import { formatDuration } from '../../lib/duration.ts';
import { readStandings } from '../../server/audit/standing.ts';
import type { Standing } from '../../server/audit/standing.ts';
import { fail, ok, warn, type Finding, type Patient } from './finding.ts';

const check = 'outsiders';

/** Who sees the log from outside, what each saw last, and whether the files with their tokens are private. */
export async function examineOutsiders({ config, around }: Patient): Promise<readonly Finding[]> {
  const { path, witnesses, anchors } = config.audit;
  const mode = recordMode(config.audit);
  if (mode === 'none' || mode === 'file') return [];
  if (witnesses.length + anchors.length === 0)
    return [ok(check, 'no witness and no anchor: records can be checked against their own operator only')];
  const now = around.clock.now();
  const [witnessed, anchored] = await Promise.all(
    [witnessFolder, anchorFolder].map((folder) => readStandings(join(path, folder))),
  );
  return [
    ...witnesses.map(({ key }) => {
      const { name } = parseVerifier(key);
      return judge(`witness ${name}`, witnessed?.get(name), now);
    }),
    ...anchors.map(({ name }) => judge(`anchor ${name}`, anchored?.get(name), now)),
    ...anchors.flatMap(({ name, headers_file: file }) => examineHeaders(name, file)),
  ];
}

function judge(who: string, standing: Standing | undefined, now: number): Finding {
  if (standing === undefined)
    return warn(
      check,
      `${who}: was never shown a checkpoint`,
      'start the server; it shows them in the background',
    );
  const { size, at, error, failures } = standing;
  const seen =
    size === null || at === null
      ? 'has no checkpoint yet'
      : `has ${size} entries since ${formatDuration(Math.max(0, Math.floor((now - at) / 1000)) * 1000)}`;
  if (error?.contradicts)
    return fail(
      check,
      `${who}: ${error.message}`,
      'find out what happened to the log: was an older copy put back, do two servers use one key? `portreeve audit verify` says more',
    );
  if (error)
    return warn(
      check,
      `${who}: ${seen}; ${failures} failed since: ${error.message}`,
      'mend what the message says; the server goes on trying, and SIGHUP makes it try at once',
    );
  return ok(check, `${who}: ${seen}`);
}

function examineHeaders(name: string, file: string | null): readonly Finding[] {
  if (file === null) return [];
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found)
    return [
      fail(
        check,
        `headers file ${file} of anchor ${name} is not there`,
        'put it in place; it is read each time',
      ),
    ];
  if ((found.mode & 0o004) === 0) return [];
  return [warn(check, `everybody may read the headers file ${file} of anchor ${name}`, `chmod 640 ${file}`)];
}
