import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditRecord } from '../../src/audit/record.ts';
import { checkPath, decidePath, framedMessage, rawClient, readAnswer } from './raw-grpc.ts';
import type { RawAnswer, RawCall } from './raw-grpc.ts';
import { forServer, startServer, until } from './server.ts';
import type { Server } from './server.ts';
import { makeWorld } from './world.ts';
import type { World } from './world.ts';
import type { Document } from './world-document.ts';

/** A world at today's time with a real server on it, asked over raw connections. */
export interface RawServer {
  readonly world: World;
  readonly server: Server;
  /** An answer of ext_authz in a few words: everything that the device or the proxy goes by. */
  check(request: object, how?: Partial<RawCall>): Promise<Wire>;
  /** The answer of the native door. */
  decide(request: object, how?: Partial<RawCall>): Promise<Told>;
  /** The record of a decision, once it is written. */
  record(decisionId: string): Promise<AuditRecord>;
}

/** A busy machine must not make decisions late: nothing that is asked here is about the budget. */
function patiently(more?: (document: Document) => void): (document: Document) => void {
  return (document) => {
    Object.assign(document['server'] as object, { budget: '10s' });
    more?.(document);
  };
}

/** What ext_authz answered. */
export interface Wire {
  /** Status within the answer; the call itself has succeeded. */
  readonly code: number;
  /** HTTP status for the device; 200 stands for "goes on to the upstream". Null on L4. */
  readonly http: number | null;
  readonly retryAfter: boolean;
  /** The coarse class, all that the device is told. */
  readonly class: string | null;
  /** Primary reason, as the proxy's access log has it. */
  readonly reason: string;
  readonly decisionId: string;
}

/** What the native door answered. */
export interface Told {
  readonly decision_id: string;
  readonly outcome: string;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
  readonly faults?: readonly { readonly code: string; readonly stage: string; readonly message: string }[];
}

interface Test {
  teardown(step: () => unknown): void;
}

export async function serveRaw(t: Test, more?: (document: Document) => void): Promise<RawServer> {
  const world = await makeWorld({ now: Date.now(), configure: forServer(patiently(more)) });
  t.teardown(world.close);
  const server = await startServer(t, world.configFile);
  const client = rawClient(t, server.address('local'));
  const call = async (path: string, type: string, request: object, how?: Partial<RawCall>) => {
    const answer = await client.call({ path, body: [framedMessage(type, request)], ...how });
    // Whatever was sent: an error of gRPC is what a proxy may be configured to let through.
    if (answer.grpcStatus !== 0) throw new Error(`no answer but ${JSON.stringify(answer)}`);
    return answer;
  };
  return {
    world,
    server,
    check: async (request, how) =>
      wireOf(await call(checkPath, 'envoy.service.auth.v3.CheckRequest', request, how)),
    decide: async (request, how) =>
      readAnswer<Told>(
        await call(decidePath, 'portreeve.v1.DecideRequest', request, how),
        'portreeve.v1.DecideResponse',
      ),
    record: (decisionId) => recordOf(world, decisionId),
  };
}

/** Envoy's names of the HTTP statuses that are answered here. */
const httpStatuses: Readonly<Record<string, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  ServiceUnavailable: 503,
};

interface CheckAnswer {
  readonly status: { readonly code?: number };
  readonly ok_response?: object;
  readonly denied_response?: {
    readonly status: { readonly code: string };
    readonly headers?: readonly { readonly header: { readonly key: string; readonly value: string } }[];
    readonly body: string;
  };
  readonly dynamic_metadata: { readonly fields: Readonly<Record<string, { readonly stringValue: string }>> };
}

function wireOf(answer: RawAnswer): Wire {
  const said = readAnswer<CheckAnswer>(answer, 'envoy.service.auth.v3.CheckResponse');
  const { denied_response: denied, dynamic_metadata: metadata } = said;
  const decisionId = metadata.fields['decision_id']?.stringValue ?? '';
  const body = denied && (JSON.parse(denied.body) as { decision_id: string; class: string });
  if (body && body.decision_id !== decisionId) throw new Error('body and metadata name two decisions');
  return {
    code: said.status.code ?? 0,
    http: denied ? (httpStatuses[denied.status.code] ?? -1) : said.ok_response ? 200 : null,
    retryAfter: denied?.headers?.some(({ header }) => header.key === 'retry-after') ?? false,
    class: body?.class ?? null,
    reason: metadata.fields['reason']?.stringValue ?? '',
    decisionId,
  };
}

async function recordOf(world: World, decisionId: string): Promise<AuditRecord> {
  const file = join(world.folder, 'audit/decisions.ndjson');
  let found: AuditRecord | undefined;
  await until(() => {
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    found = lines
      .map((line) => JSON.parse(line) as AuditRecord)
      .find((record) => record.decision_id === decisionId);
    return found !== undefined;
  });
  return found as AuditRecord;
}
