import assert from 'node:assert/strict';
import { readDecision } from '../../src/api/decision-service/read-decision.ts';
import type { DecideRequest, DecideResponse } from '../../src/api/decision-service/wire.ts';
import { messageCodec } from '../../src/api/load-protos.ts';
import type { Decision } from '../../src/decision/types.ts';
import { askBatch } from './case-ask.ts';
import { decideRequest } from './case-doors.ts';
import type { Case } from './case-types.ts';
import type { CaseWorld } from './case-world.ts';

const codec = messageCodec<DecideRequest>('portreeve.v1.DecideRequest');

/** What is put beside a case. */
interface Neighbours {
  /** No requests, or refused before anything is asked about them. */
  readonly refused: readonly Uint8Array[];
  readonly denied: readonly Uint8Array[];
  /** May well be allowed. */
  readonly good: Uint8Array;
}

async function neighbours(one: Case): Promise<Neighbours> {
  const by = { authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS', source_ip: '10.20.0.7' };
  const refused = [Buffer.from('no such message'), codec.encode({})];
  const denied = [
    codec.encode({ ...by, connection_id: 'garbage', peer_chain: [Buffer.from('no certificate')] }),
    codec.encode({
      ...by,
      connection_id: 'long',
      peer_chain: Array.from({ length: 11 }, () => Buffer.of(48)),
    }),
  ];
  const request = await decideRequest({ ...one, certificate: 'meter_1', connection: {} });
  return { refused, denied, good: codec.encode({ ...request, connection_id: 'good' }) };
}

/** What a batch answered to a case, and to those beside it. */
export interface AnsweredBatch {
  readonly decision: Decision;
  readonly connectionId: string | undefined;
  /** Requests beside it, with what was answered to each. */
  readonly beside: readonly { readonly connectionId: string | undefined; readonly decision: Decision }[];
}

/**
 * Asks about a case in the middle of a batch. A policy that takes its time is asked about the case first: those before it
 * do not get so far.
 */
export async function askAmongOthers(one: Case, world: CaseWorld): Promise<AnsweredBatch> {
  const { refused: unread, denied, good } = await neighbours(one);
  const bad = [...unread, ...denied];
  const before = one.fault === 'policy_slow' ? unread : [...bad, good];
  const items = [...before, codec.encode(await decideRequest(one)), good, ...bad.toReversed()];
  const { answers = [], refused } = await askBatch(one, items, world);
  assert.equal(refused, undefined);
  assert.equal(answers.length, items.length, 'one answer for each');
  const read = answers.map(({ connection_id: connectionId, decision }) => ({
    connectionId,
    decision: readDecision(decision as DecideResponse),
  }));
  const mine = read[before.length] as (typeof read)[number];
  return { ...mine, beside: read.toSpliced(before.length, 1) };
}
