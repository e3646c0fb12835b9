import { PassThrough, Writable } from 'node:stream';
import { Readable } from 'node:stream';
import { Metadata } from '@grpc/grpc-js';
import type { Client } from '@grpc/grpc-js';
import { readDecision } from '../../src/api/decision-service/read-decision.ts';
import type {
  DecideBatchResponse,
  DecideRequest,
  DecideResponse,
} from '../../src/api/decision-service/wire.ts';
import type { CheckRequest, CheckResponse } from '../../src/api/ext-authz/wire.ts';
import { messageCodec, serviceNames } from '../../src/api/load-protos.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { Decision } from '../../src/decision/types.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { batchBytes } from './batch-bytes.ts';
import { fleetTime } from './case-certificates.ts';
import { checkRequest, decideRequest, formOf } from './case-doors.ts';
import type { CheckForm } from './case-doors.ts';
import type { Case } from './case-types.ts';
import type { CaseWorld } from './case-world.ts';

/** What came back from `Check`. */
export async function askCheck(one: Case, door: CheckForm, world: CaseWorld): Promise<CheckResponse> {
  const request = messageCodec<CheckRequest>('envoy.service.auth.v3.CheckRequest');
  const response = messageCodec<CheckResponse>('envoy.service.auth.v3.CheckResponse');
  const bytes = request.encode(await checkRequest(one, door));
  return response.decode(await call(one, world, `/${serviceNames.extAuthz}/Check`, bytes));
}

/** The Decision that `Decide` answered. */
export async function askDecide(one: Case, world: CaseWorld): Promise<Decision> {
  const request = messageCodec<DecideRequest>('portreeve.v1.DecideRequest');
  const response = messageCodec<DecideResponse>('portreeve.v1.DecideResponse');
  const bytes = request.encode(await decideRequest(one));
  return readDecision(response.decode(await call(one, world, `/${serviceNames.decision}/Decide`, bytes)));
}

/** What `DecideBatch` answered to these requests' bytes, asked as the case's PEP and within its time. */
export async function askBatch(
  one: Case,
  items: readonly Uint8Array[],
  world: CaseWorld,
): Promise<DecideBatchResponse> {
  const response = messageCodec<DecideBatchResponse>('portreeve.v1.DecideBatchResponse');
  const path = `/${serviceNames.decision}/DecideBatch`;
  return response.decode(await call(one, world, path, batchBytes(items)));
}

async function call(one: Case, world: CaseWorld, path: string, bytes: Buffer): Promise<Buffer> {
  const client: Client = await world.client(pepOf(one));
  const metadata = new Metadata();
  const { granted_ms: granted } = one.connection;
  if (granted !== undefined) metadata.set('x-envoy-expected-rq-timeout-ms', String(granted));
  return new Promise((resolve, reject) => {
    const asIs = (value: Buffer) => value;
    client.makeUnaryRequest(path, asIs, asIs, bytes, metadata, {}, (error, answer) => {
      if (error) reject(error);
      else resolve(answer as Buffer);
    });
  });
}

export interface Printed {
  readonly exit: number;
  readonly decision: Decision;
}

/** `portreeve decide --request - --at … --json`, run to its end. */
export async function askCommandLine(one: Case, world: CaseWorld): Promise<Printed> {
  const out: Buffer[] = [];
  const stdout = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      out.push(chunk);
      done();
    },
  });
  const stdin = Readable.from([Buffer.from(JSON.stringify(await jsonRequest(one)))]);
  const words = ['decide', '--request', '-', '--at', one.at, '--pep', pepOf(one), '--json', '--config'];
  const exit = await runProgram([...words, world.configFile], {
    stdin,
    stdout,
    stderr: new PassThrough(),
    folder: '/',
    environment: {
      configFile: undefined,
      debug: false,
      noColor: true,
      opa: undefined,
      path: undefined,
      otel: {},
    },
    clock: { now: () => fleetTime, monotonic: () => systemClock.monotonic() },
  });
  const printed = JSON.parse(Buffer.concat(out).toString()) as Decision & {
    readonly error?: { message: string };
  };
  if (printed.error) throw new Error(`exit ${exit}: ${printed.error.message}`);
  return { exit, decision: printed };
}

/** The request that a wire door would get, as proto3 JSON. */
async function jsonRequest(one: Case): Promise<object> {
  const form = formOf(one);
  if (form === 'native') {
    const { peer_chain: chain, stapled_ocsp: stapled, ...request } = await decideRequest(one);
    return {
      ...request,
      ...(chain && { peer_chain: chain.map((der) => Buffer.from(der).toString('base64')) }),
      ...(stapled && { stapled_ocsp: Buffer.from(stapled).toString('base64') }),
    };
  }
  const { attributes = {} } = await checkRequest(one, form);
  // A google.protobuf.Struct is a plain object in JSON.
  const { metadata } = one.connection;
  return {
    attributes: { ...attributes, ...(metadata && { metadata_context: { filter_metadata: metadata } }) },
  };
}

export function pepOf({ connection }: Case): string {
  return connection.pep ?? 'envoy';
}
