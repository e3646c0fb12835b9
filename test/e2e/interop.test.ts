import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { makeLiveFleet } from '../helpers/live-fleet.ts';
import { findTool } from '../helpers/processes.ts';
import { needing } from '../helpers/skip.ts';
import { root } from '../helpers/source-files.ts';

interface Header {
  readonly header: { readonly key: string; readonly value: string };
}

interface Checked {
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly ok_response?: {
    readonly headers?: readonly Header[];
    readonly headers_to_remove?: readonly string[];
  };
  readonly denied_response?: {
    readonly status?: { readonly code?: string };
    readonly headers?: readonly Header[];
    readonly body?: string;
  };
  readonly dynamic_metadata?: Readonly<Record<string, string>>;
}

interface Decided {
  readonly outcome?: string;
  readonly enforcement?: string;
  readonly assurance?: string;
  readonly device_id?: string;
  readonly decision_id?: string;
  readonly valid_until?: string;
  readonly reasons?: readonly { readonly code?: string; readonly severity?: string }[];
  readonly obligations?: { readonly entitlements?: readonly string[] };
  readonly versions?: {
    readonly crls?: readonly object[];
    readonly epochs?: Readonly<Record<string, string>>;
  };
}

interface Batch {
  readonly answers?: readonly { readonly connection_id?: string; readonly decision?: Decided }[];
  readonly refused?: Decided;
}

interface Answers {
  readonly check: Readonly<
    Record<'http_allowed' | 'http_denied' | 'http_nobody' | 'l4_allowed' | 'l4_denied', Checked>
  >;
  readonly decide: Readonly<Record<'allowed' | 'denied' | 'nobody' | 'unspecified', Decided>>;
  /** The denied one, the allowed one, and nobody. */
  readonly batch: Batch;
  readonly empty_batch: Batch;
  readonly health: Readonly<Record<string, string>>;
  readonly services: readonly string[];
  readonly descriptors: number;
}

/** The folder of a Python that has grpcio. */
const python = findTool('python-dir.sh');
const withPython = needing(python.lack, { serial: true });

withPython(
  'a client that is not ours (grpcio, stubs made of proto/) gets whole answers through every service',
  async (t) => {
    const fleet = await makeLiveFleet(t, ['meter-1', 'meter-2']);
    await fleet.serve();
    const [good, bad] = [await fleet.device('meter-1'), await fleet.device('meter-2')];
    const revoked = fleet.cli(['crl', 'import', await fleet.crl([bad.serial]), '--why', 'stolen']);
    t.is(revoked.code, 0, revoked.stderr);
    const ran = spawnSync(
      join(python.path, 'python'),
      [
        join(root, 'test/helpers/interop_client.py'),
        join(root, 'proto'),
        fleet.folder,
        `127.0.0.1:${fleet.grpcPorts[0]}`,
      ],
      {
        encoding: 'utf8',
        timeout: 120_000,
        input: JSON.stringify({
          allowed: good.pem,
          denied: bad.pem,
          allowed_der: Buffer.from(good.der).toString('base64'),
          denied_der: Buffer.from(bad.der).toString('base64'),
        }),
      },
    );
    t.is(ran.status, 0, ran.stderr);
    const answers = JSON.parse(ran.stdout) as Answers;
    judgeChecks(t, answers.check);
    judgeDecisions(t, answers.decide);
    judgeBatches(t, answers);
    t.deepEqual(answers.health, {
      '': 'SERVING',
      'envoy.service.auth.v3.Authorization': 'SERVING',
      'portreeve.v1.DecisionService': 'SERVING',
    });
    t.true(answers.services.includes('envoy.service.auth.v3.Authorization'));
    t.true(answers.services.includes('portreeve.v1.DecisionService'));
    t.true(answers.descriptors > 0, 'reflection describes the native service');
  },
);

function judgeChecks(t: ExecutionContext, check: Answers['check']): void {
  const allowed = check.http_allowed;
  t.is(allowed.status?.code ?? 0, 0);
  const headers = new Map(allowed.ok_response?.headers?.map(({ header }) => [header.key, header.value]));
  t.is(headers.get('x-portreeve-device'), 'meter-1');
  t.is(headers.get('x-portreeve-assurance'), 'device_proved');
  t.is(headers.get('x-portreeve-entitlements'), 'telemetry');
  t.is(headers.get('x-portreeve-decision'), allowed.dynamic_metadata?.['decision_id']);
  judgeMetadata(t, allowed, { outcome: 'allow', reason: 'policy.ok', device_id: 'meter-1' });

  const denied = check.http_denied;
  t.is(denied.status?.code, 7);
  t.is(denied.denied_response?.status?.code, 'Forbidden');
  t.deepEqual(JSON.parse(denied.denied_response?.body ?? ''), {
    decision_id: denied.dynamic_metadata?.['decision_id'],
    class: 'not_authorized',
  });
  judgeMetadata(t, denied, { outcome: 'deny', reason: 'revocation.revoked', device_id: 'meter-2' });

  const nobody = check.http_nobody;
  t.is(nobody.status?.code, 16);
  t.is(nobody.denied_response?.status?.code, 'Unauthorized');
  t.is(nobody.dynamic_metadata?.['reason'], 'identity.no_credential');

  t.is(check.l4_allowed.status?.code ?? 0, 0);
  judgeMetadata(t, check.l4_allowed, { outcome: 'allow', reason: 'policy.ok', device_id: 'meter-1' });
  t.is(check.l4_denied.status?.code, 7);
  t.is(check.l4_denied.denied_response, undefined, 'nothing of HTTP on layer 4');
  judgeMetadata(t, check.l4_denied, { outcome: 'deny', reason: 'revocation.revoked', device_id: 'meter-2' });
}

function judgeMetadata(
  t: ExecutionContext,
  checked: Checked,
  wanted: Readonly<Record<string, string>>,
): void {
  const { decision_id: id, ...rest } = checked.dynamic_metadata ?? {};
  t.regex(id ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  t.deepEqual(rest, wanted);
}

function judgeDecisions(t: ExecutionContext, decide: Answers['decide']): void {
  const { allowed, denied, nobody, unspecified } = decide;
  t.is(allowed.outcome, 'OUTCOME_ALLOW');
  t.is(allowed.enforcement, 'ENFORCEMENT_ENFORCED');
  t.is(allowed.assurance, 'ASSURANCE_DEVICE_PROVED');
  t.is(allowed.device_id, 'meter-1');
  t.deepEqual(allowed.obligations?.entitlements, ['telemetry']);
  t.true(Date.parse(allowed.valid_until ?? '') > Date.now());
  t.is(allowed.versions?.crls?.length, 2);
  t.is(denied.outcome, 'OUTCOME_DENY');
  t.is(denied.reasons?.[0]?.code, 'revocation.revoked');
  t.is(denied.valid_until, undefined);
  t.is(nobody.reasons?.[0]?.code, 'identity.no_credential');
  t.is(unspecified.outcome, 'OUTCOME_DENY');
  t.is(unspecified.reasons?.[0]?.code, 'system.input_invalid');
}

function judgeBatches(t: ExecutionContext, { decide, batch, empty_batch: empty }: Answers): void {
  t.deepEqual(
    batch.answers?.map(({ connection_id: id, decision }) => [id, decision?.outcome, decision?.reasons]),
    [decide.denied, decide.allowed, decide.nobody].map((one) => ['interop-1', one.outcome, one.reasons]),
  );
  t.is(batch.refused, undefined);
  t.is(empty.answers, undefined);
  t.is(empty.refused?.outcome, 'OUTCOME_DENY');
}
