import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { valueOf } from '../helpers/prometheus.ts';
import { serveRaw } from '../helpers/raw-server.ts';
import type { RawServer } from '../helpers/raw-server.ts';
import { smallVolume, withFullDevice, withVolume } from '../helpers/raw-volume.ts';
import { until } from '../helpers/server.ts';

interface Volume {
  /** Where the log is to be. */
  readonly path: string;
  fill(): void;
  empty(): void;
}

function realVolume(t: ExecutionContext): Volume {
  const volume = smallVolume(t, '4m');
  return { ...volume, path: join(volume.folder, 'decisions.ndjson') };
}

/** A log that is a device without room, from the start, until a file takes its place: needs no rights. */
function fullDevice(t: ExecutionContext): Volume {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-volume-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'decisions.ndjson');
  symlinkSync('/dev/full', path);
  return {
    path,
    fill: () => undefined,
    empty: () => {
      rmSync(path);
      writeFileSync(path, '');
    },
  };
}

async function serving(
  t: ExecutionContext,
  path: string,
  onFailure: 'deny' | 'continue',
): Promise<RawServer> {
  return serveRaw(t, (document) => {
    document['audit'] = { path, on_failure: onFailure };
  });
}

async function requests(asked: RawServer): Promise<{ native: object; http: object }> {
  const leaf = await asked.world.leaf('meter/1');
  return {
    native: {
      peer_chain: [leaf.der],
      authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
      source_ip: '10.20.0.7',
    },
    http: {
      attributes: {
        source: {
          address: { socket_address: { address: '10.20.0.7' } },
          certificate: encodeURIComponent(leaf.pem),
        },
        request: { http: { method: 'GET', path: '/', host: 'h' } },
      },
    },
  };
}

const writable = (asked: RawServer, yes: boolean): Promise<void> =>
  until(async () => (await asked.server.status()).audit.writable === yes);

const idsIn = (path: string): string[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; decision_id: string })
    .filter(({ kind }) => kind === 'decision')
    .map(({ decision_id: id }) => id);

/** Asks until the server has noticed (the record that finds the volume full is kept and written later). */
async function untilAnswer(
  asked: RawServer,
  request: object,
  holds: (faults: number) => boolean,
): Promise<void> {
  await until(async () => {
    return holds((await asked.decide(request)).faults?.length ?? 0);
  });
}

for (const [kind, make, register] of [
  ['a volume that runs full', realVolume, withVolume],
  ['a device without room', fullDevice, withFullDevice],
] as const) {
  register(
    `with on_failure deny, ${kind} under the records denies with 503 until there is room again`,
    async (t) => {
      const volume = make(t);
      const asked = await serving(t, volume.path, 'deny');
      const { native, http } = await requests(asked);
      volume.fill();
      await untilAnswer(asked, native, (faults) => faults > 0);
      const told = await asked.decide(native);
      t.like(told, {
        outcome: 'OUTCOME_DENY',
        reasons: [{ code: 'system.audit_unavailable' }],
        faults: [
          {
            code: 'system.audit_unavailable',
            stage: 'record',
            message: 'the log of records cannot be written',
          },
        ],
      });
      const { decisionId, ...wire } = await asked.check(http);
      t.deepEqual(wire, {
        code: 7,
        http: 503,
        retryAfter: true,
        class: 'retry_later',
        reason: 'system.audit_unavailable',
      });
      await writable(asked, false);
      const { audit } = JSON.parse((await asked.server.page('/status')).body) as {
        audit: { error: string };
      };
      t.regex(audit.error, /audit log .+: ENOSPC/);
      t.true(audit.error.includes(volume.path));
      t.true(asked.server.log.some((line) => line.startsWith('records cannot be written: audit log ')));
      t.is((await asked.server.page('/readyz')).status, 200, 'denials are answers');
      volume.empty();
      await writable(asked, true);
      await untilAnswer(asked, native, (faults) => faults === 0);
      t.true(asked.server.log.includes('records are written again'));
      const allowed = await asked.decide(native);
      t.is(allowed.outcome, 'OUTCOME_ALLOW');
      await until(() => idsIn(volume.path).includes(allowed.decision_id));
      t.false(idsIn(volume.path).includes(decisionId), 'what could not be handed over was lost, and counted');
      t.true((await asked.server.status()).audit.lost >= 2);
    },
  );

  register(
    `with on_failure continue, decisions stand over ${kind}, and what is lost is counted`,
    async (t) => {
      const volume = make(t);
      const asked = await serving(t, volume.path, 'continue');
      const { native, http } = await requests(asked);
      volume.fill();
      // The first record to find the volume full is kept and written later; what comes after it is known is lost.
      await until(async () => {
        const [fault] = (await asked.decide(native)).faults ?? [];
        return fault?.message === 'the log of records cannot be written';
      });
      await until(async () => (await asked.server.status()).audit.lost >= 1);
      const before = (await asked.server.status()).audit.lost;
      t.is(before, 1);
      t.like(await asked.decide(native), {
        outcome: 'OUTCOME_ALLOW',
        reasons: [{ code: 'policy.ok' }],
        faults: [{ code: 'system.audit_unavailable', stage: 'record' }],
      });
      t.like(await asked.check(http), { code: 0, http: 200, reason: 'policy.ok' });
      await until(async () => (await asked.server.status()).audit.lost === before + 2);
      const samples = await asked.server.metrics();
      t.is(valueOf(samples, 'portreeve_audit_records_lost_total', {}), before + 2);
      t.is(valueOf(samples, 'portreeve_audit_writable', {}), 0);
      volume.empty();
      await writable(asked, true);
      await untilAnswer(asked, native, (faults) => faults === 0);
      const kept = await asked.decide(native);
      await until(() => idsIn(volume.path).includes(kept.decision_id));
      t.is(valueOf(await asked.server.metrics(), 'portreeve_audit_writable', {}), 1);
    },
  );
}
