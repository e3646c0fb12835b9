import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { provedEntries } from '../helpers/log-folder.ts';
import { serveRaw } from '../helpers/raw-server.ts';
import type { RawServer } from '../helpers/raw-server.ts';
import { smallVolume, withVolume } from '../helpers/raw-volume.ts';
import { until } from '../helpers/server.ts';

interface Case {
  readonly mode: 'strict' | 'relaxed';
  readonly onFailure: 'deny' | 'continue';
}

async function serving(t: ExecutionContext, path: string, { mode, onFailure }: Case): Promise<RawServer> {
  return serveRaw(t, (document) => {
    document['audit'] = { path, mode, on_failure: onFailure, key: 'log-key.pem' };
  });
}

async function allowedRequest(asked: RawServer): Promise<object> {
  const leaf = await asked.world.leaf('meter/1');
  return {
    ...{ peer_chain: [leaf.der], authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS', source_ip: '10.20.0.7' },
  };
}

/** Asks until an answer is, or is not, one of a log that cannot be written; answers those that were recorded. */
async function askUntil(asked: RawServer, request: object, faulty: boolean): Promise<readonly string[]> {
  const recorded: string[] = [];
  await until(async () => {
    const { decision_id: id, faults = [] } = await asked.decide(request);
    if (faults.length === 0) recorded.push(id);
    return faults.length > 0 === faulty;
  });
  return recorded;
}

const writable = async (asked: RawServer): Promise<boolean> => (await asked.server.status()).audit.writable;

for (const mode of ['strict', 'relaxed'] as const) {
  for (const onFailure of ['deny', 'continue'] as const) {
    const what = onFailure === 'deny' ? 'denied as our fault' : 'answered as ever, and says so';
    withVolume(
      `${mode}: while the log's volume is full a decision is ${what}; with room again all goes on in the same tree`,
      async (t) => {
        const volume = smallVolume(t, '8m');
        const path = join(volume.folder, 'log');
        const asked = await serving(t, path, { mode, onFailure });
        const request = await allowedRequest(asked);
        const before = await asked.decide(request);
        t.is(before.outcome, 'OUTCOME_ALLOW');
        volume.fill();
        const meanwhile = await askUntil(asked, request, true);
        const told = await asked.decide(request);
        t.like(told, {
          outcome: onFailure === 'deny' ? 'OUTCOME_DENY' : 'OUTCOME_ALLOW',
          reasons: [{ code: onFailure === 'deny' ? 'system.audit_unavailable' : 'policy.ok' }],
          faults: [{ code: 'system.audit_unavailable', stage: 'record' }],
        });
        await until(async () => !(await writable(asked)));
        const { audit } = JSON.parse((await asked.server.page('/status')).body) as {
          audit: { error: string };
        };
        t.regex(audit.error, /ENOSPC/);
        t.is((await asked.server.page('/readyz')).status, 200, 'denials are answers');
        volume.empty();
        const after = await askUntil(asked, request, false);
        t.true(await writable(asked));
        await asked.server.stop();
        const { entries } = await provedEntries(path);
        const records = entries.map((one) => JSON.parse(one) as { decision_id?: string; act?: string });
        const ids = new Set(records.map(({ decision_id: id }) => id));
        for (const id of [before.decision_id, ...meanwhile, ...after]) t.true(ids.has(id), id);
        t.false(ids.has(told.decision_id), 'what was answered without a record has none');
        // Meanwhile the log was opened anew, which it tells as it would after a crash.
        const lives = records.flatMap(({ act }) => (act === 'start' || act === 'stop' ? [act] : []));
        t.deepEqual(lives, ['start', 'stop'], 'it came back by itself');
      },
    );
  }
}
