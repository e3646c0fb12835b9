// The configuration document is open to change, hence not typed.
/* eslint-disable @typescript-eslint/no-unsafe-member-access */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { sha256Hex } from '../../src/lib/bytes.ts';
import { bundleOf, granting } from '../helpers/bundles.ts';
import { opa } from '../helpers/policies.ts';
import { valueOf } from '../helpers/prometheus.ts';
import { needing } from '../helpers/skip.ts';
import { forServer, startServer, until } from '../helpers/server.ts';
import type { Server } from '../helpers/server.ts';
import { makeWorld } from '../helpers/world.ts';
import type { World } from '../helpers/world.ts';
import type { Document } from '../helpers/world-document.ts';
import { portreeve } from '../unit/cli/helpers/run.ts';

// Each has a server of four processes.
const withOpa = needing(opa.lack, { serial: true });

interface ShadowStatus {
  readonly state: string;
  readonly digest: string | null;
  readonly pid: number | null;
  readonly restarts: number | null;
  readonly error: string | null;
  readonly counts: Readonly<Record<string, number>> | null;
}

/** Allows as the live one does, but denies one server name, never ends for another, and has no answer for a third. */
const trial = `package portreeve

decision := {
	"allow": allow,
	"reasons": reasons,
	"entitlements": ["live"],
	"headers": {},
	"session_limit_s": null,
	"ttl_s": 60,
} if {
	input.sni != "undefined.example"
}

default allow := false

allow if not input.sni in {"denied.example", "endless.example"}

allow if {
	input.sni == "endless.example"
	some _ in many
	some _ in many
	some last in many
	last == input.sni
}

many := numbers.range(0, 4000)

reasons contains {"code": "network.source_not_allowed"} if input.sni == "denied.example"

reasons contains {"code": "revocation.status_unknown"} if input.sni == "told.example"
`;

interface Served {
  readonly world: World;
  readonly server: Server;
  readonly ask: (sni?: string) => Promise<string>;
  readonly shadow: () => Promise<ShadowStatus>;
  /** Waits until so many decisions were dealt with: judged, or dropped. */
  readonly dealtWith: (count: number) => Promise<Readonly<Record<string, number>>>;
  readonly records: (kind: string) => readonly Line[];
}

interface Line extends Record<string, unknown> {
  readonly kind: string;
}

async function serve(t: ExecutionContext, bytes: Uint8Array, more: Document = {}): Promise<Served> {
  t.timeout(120_000);
  const world = await makeWorld({
    now: Date.now(),
    files: (folder) => {
      writeFileSync(join(folder, 'live.tar.gz'), bundleOf(granting('live')));
      writeFileSync(join(folder, 'trial.tar.gz'), bytes);
    },
    configure: forServer((document) => {
      document.server.workers = 2;
      document.policy = { bundle: 'live.tar.gz', shadow: { bundle: 'trial.tar.gz', ...more } };
    }),
  });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile);
  const leaf = await world.leaf('meter/1');
  const client = server.client();
  const shadow = async (): Promise<ShadowStatus> =>
    ((await server.status()) as unknown as { readonly shadow: ShadowStatus }).shadow;
  return {
    world,
    server,
    shadow,
    ask: async (sni) => {
      const { outcome, reasons, obligations } = await client.decide({
        peer_chain: [leaf.der],
        authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
        source_ip: '10.20.0.7',
        ...(sni !== undefined && { sni }),
      });
      return outcome === 'allow' ? obligations.entitlements.join() : String(reasons[0]?.code);
    },
    dealtWith: async (count) => {
      let counts: ShadowStatus['counts'] = null;
      await until(async () => {
        ({ counts } = await shadow());
        const {
          compared = 0,
          not_asked = 0,
          undecidable = 0,
          dropped = 0,
          seen = 0,
          chosen = 0,
        } = counts ?? {};
        return seen >= count && compared + not_asked + undecidable + dropped === chosen;
      });
      return counts as unknown as Readonly<Record<string, number>>;
    },
    records: (kind) =>
      readFileSync(join(world.folder, 'audit/decisions.ndjson'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line)
        .filter((line) => line.kind === kind),
  };
}

const onTrial = ({ shadow }: Served): Promise<void> =>
  until(async () => (await shadow()).state === 'on_trial');

withOpa(
  'what the bundle on trial would have decided otherwise is counted and recorded, and no answer is changed',
  async (t) => {
    const served = await serve(t, bundleOf(trial));
    const { server, ask, dealtWith, records } = served;
    await onTrial(served);
    const names = [undefined, 'denied.example', 'undefined.example', 'told.example', undefined];
    for (const name of names) t.is(await ask(name), 'live');
    t.like(await dealtWith(names.length), {
      ...{
        seen: 5,
        chosen: 5,
        dropped: 0,
        compared: 5,
        agreed: 2,
        lock_outs: 2,
        let_ins: 0,
        other_reasons: 1,
      },
    });
    const metrics = await server.metrics();
    t.is(valueOf(metrics, 'portreeve_shadow_decisions_total', { result: 'agreed' }), 2);
    for (const reason of ['network.source_not_allowed', 'policy.undefined'])
      t.is(valueOf(metrics, 'portreeve_shadow_disagreements_total', { direction: 'lock_out', reason }), 1);
    t.is(valueOf(metrics, 'portreeve_shadow_on_trial', {}), 1);
    await server.stop();
    const decisions = new Map(
      records('decision').map((line) => [
        line['decision_id'],
        line as Line & { facts: { connection: { sni: string } } },
      ]),
    );
    const found = records('shadow') as unknown as readonly {
      readonly decision_id: string;
      readonly answered: { readonly outcome: string; readonly bundle: string };
      readonly reasons: readonly { readonly code: string }[];
      readonly shadow: {
        readonly bundle: string;
        readonly differs: string;
        readonly would: { outcome: string };
      };
    }[];
    t.deepEqual(
      found.map(({ decision_id: id, answered, reasons, shadow }) => [
        decisions.get(id)?.facts.connection.sni,
        answered.outcome,
        shadow.would.outcome,
        shadow.differs,
        reasons.map(({ code }) => code),
      ]),
      [
        ['denied.example', 'allow', 'deny', 'outcome', ['policy.shadow_would_deny']],
        ['undefined.example', 'allow', 'deny', 'outcome', ['policy.shadow_would_deny']],
        ['told.example', 'allow', 'allow', 'reasons', []],
      ],
    );
    t.true(found.every(({ shadow }) => shadow.bundle === sha256Hex(bundleOf(trial))));
    const [summary, ...others] = records('shadow_summary');
    t.like(summary, { seen: 5, chosen: 5, compared: 5, agreed: 2, lock_outs: 2, other_reasons: 1 });
    t.is(others.length, 0);
  },
);

withOpa(
  'a bundle on trial that never ends is broken off and counted as a denial; decisions go on, and so does it',
  async (t) => {
    const served = await serve(t, bundleOf(trial));
    const { world, server, ask, shadow, dealtWith } = served;
    // What a policy in force may take is what this one may.
    const text = readFileSync(world.configFile, 'utf8');
    t.true(text.includes('5s'));
    await onTrial(served);
    const { pid } = await shadow();
    t.is(await ask('endless.example'), 'live');
    for (let asked = 0; asked < 50; asked += 1) t.is(await ask(), 'live');
    await until(async () => {
      const { counts } = await shadow();
      return counts?.['lock_outs'] === 1;
    });
    const metrics = await server.metrics();
    const late = { direction: 'lock_out', reason: 'policy.timeout' };
    t.is(valueOf(metrics, 'portreeve_shadow_disagreements_total', late), 1);
    t.like(await dealtWith(51), { compared: 51, agreed: 50, lock_outs: 1, dropped: 0 });
    t.is((await shadow()).pid, pid);
    t.deepEqual(
      (await server.status()).workers.map(({ restarts }) => restarts),
      [0, 0],
    );
  },
);

withOpa(
  'a process of the trial that is killed or hangs is started again, and what it had is counted',
  async (t) => {
    const served = await serve(t, bundleOf(trial));
    const { ask, shadow, dealtWith } = served;
    await onTrial(served);
    const { pid } = await shadow();
    process.kill(pid as number, 'SIGKILL');
    for (let asked = 0; asked < 20; asked += 1) t.is(await ask(), 'live');
    await until(async () => (await shadow()).restarts === 1);
    await onTrial(served);
    t.not((await shadow()).pid, pid);
    const { compared = 0, dropped = 0 } = await dealtWith(20);
    t.is(compared + dropped, 20);
    // One that is stopped says nothing: it is killed, and decisions have gone on all the while.
    process.kill((await shadow()).pid as number, 'SIGSTOP');
    for (let asked = 0; asked < 5; asked += 1) t.is(await ask(), 'live');
    await until(async () => (await shadow()).restarts === 2);
    await onTrial(served);
    const after = await dealtWith(25);
    t.is((after['compared'] ?? 0) + (after['dropped'] ?? 0), 25);
  },
);

withOpa('a share of the decisions is chosen by their ids; the others are only counted', async (t) => {
  const served = await serve(t, bundleOf(trial), { share: 0.5 });
  const { ask, dealtWith } = served;
  await onTrial(served);
  for (let asked = 0; asked < 60; asked += 1) await ask();
  const { seen = 0, chosen = 0, compared = 0, agreed = 0 } = await dealtWith(60);
  t.is(seen, 60);
  // Never all and never none: by chance once in 10^18.
  t.true(chosen > 0 && chosen < 60, `${chosen}`);
  t.deepEqual([compared, agreed], [chosen, chosen]);
});

withOpa(
  'promoting puts the bundle on trial in force on all workers, recorded with who and why, and ends its trial',
  async (t) => {
    const served = await serve(t, bundleOf(granting('next')));
    const { world, server, ask, shadow, records } = served;
    await onTrial(served);
    t.is(await ask(), 'live');
    const promote = await portreeve(
      ['policy', 'shadow', 'promote', '--why', 'a week without flips', '--who', 'day shift', '--json'],
      { cwd: world.folder },
    );
    t.is(promote.code, 0, promote.stdout + promote.stderr);
    const digest = sha256Hex(bundleOf(granting('next')));
    t.like(JSON.parse(promote.stdout), { in_force: true, pinned: true, bundle: { digest } });
    t.deepEqual(
      (await server.status()).workers.map(({ bundle }) => bundle),
      [digest, digest],
    );
    t.is(await ask(), 'next');
    await until(async () => (await shadow()).state === 'in_force');
    await server.stop();
    const act = records('act').find(({ detail }) => (detail as { kind?: string }).kind === 'policy.promote');
    t.like(act, { actor: 'day shift', why: 'a week without flips', selector: digest });
  },
);
