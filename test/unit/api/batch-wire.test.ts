import test from 'ava';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { joinAnswers, joinRefused, splitBatch } from '../../../src/api/decision-service/batch-wire.ts';
import type { DecideBatchResponse } from '../../../src/api/decision-service/wire.ts';
import { messageCodec } from '../../../src/api/load-protos.ts';
import { Refusal } from '../../../src/context/refusal.ts';
import { batchBytes } from '../../helpers/batch-bytes.ts';

const numRuns = 300 * Number(process.env.SOAK_FACTOR ?? 1);
const responses = messageCodec<DecideBatchResponse>('portreeve.v1.DecideBatchResponse');

function problemOf(bytes: Uint8Array): string {
  const split = splitBatch(bytes);
  return split instanceof Refusal ? `${split.field} ${split.problem}` : `${split.length} connections`;
}

test('a batch comes apart into the bytes of its connections, in their order', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 256 }),
      (items) =>
        void t.deepEqual(
          splitBatch(batchBytes(items)),
          items.map((one) => Buffer.from(one)),
        ),
    ),
    { numRuns: Math.ceil(numRuns / 3) },
  );
});

test('fields that this version does not know are skipped, whatever their type', (t) => {
  const item = Buffer.from('x');
  const writer = protobuf.Writer.create();
  writer.uint32(16).uint64(-1);
  writer.uint32((2 << 3) | 2).bytes(Buffer.from('other'));
  writer.uint32((1 << 3) | 2).bytes(item);
  writer.uint32((300 << 3) | 5).fixed32(7);
  writer.uint32((3 << 3) | 1).fixed64(7);
  t.deepEqual(splitBatch(writer.finish()), [item]);
});

test('a batch of none and of more than 256 is refused, one of 256 is not', (t) => {
  const of = (count: number) => batchBytes(Array.from({ length: count }, () => Buffer.alloc(0)));
  t.is(problemOf(of(0)), 'connections are none');
  t.is(problemOf(of(1)), '1 connections');
  t.is(problemOf(of(256)), '256 connections');
  t.is(problemOf(of(257)), 'connections are more than 256');
});

test('what is cut short, reaches beyond its end or is no protobuf is refused', (t) => {
  const whole = batchBytes([Buffer.alloc(200, 1)]);
  for (let length = 1; length < whole.byteLength; length += 1)
    t.is(problemOf(whole.subarray(0, length)), 'request is no such protobuf message', `${length} bytes`);
  for (const hex of [
    '0aff',
    '0affffffff0f',
    '0affffffffff01',
    '0b',
    '0c',
    '00',
    '02',
    '0e',
    '0f',
    'ff',
    '1201',
  ]) {
    t.is(problemOf(Buffer.from(hex, 'hex')), 'request is no such protobuf message', hex);
  }
});

/** The same message for a reader that is not ours: connections as bytes. */
const theirs = protobuf
  .parse('syntax = "proto3"; message Batch { repeated bytes connections = 1; }')
  .root.lookupType('Batch');

function readTheirs(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  try {
    return (theirs.decode(bytes) as unknown as { connections: Uint8Array[] }).connections;
  } catch {
    return undefined;
  }
}

test('bytes are cut where another reader cuts them, or refused', (t) => {
  const item = fc.uint8Array({ maxLength: 6 });
  const damaged = fc
    .tuple(fc.array(item, { maxLength: 4 }), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }))
    .map(([items, changes]) => {
      const bytes = batchBytes(items);
      for (const [at, value] of changes) if (bytes.byteLength > 0) bytes[at % bytes.byteLength] = value;
      return bytes;
    });
  let alike = 0;
  fc.assert(
    fc.property(damaged, (bytes) => {
      const [ours, others] = [splitBatch(bytes), readTheirs(bytes)];
      if (ours instanceof Refusal) return;
      t.deepEqual(
        ours.map((one) => Buffer.from(one)),
        others?.map((one) => Buffer.from(one)),
        bytes.toString('hex'),
      );
      alike += 1;
    }),
    { numRuns: numRuns * 5 },
  );
  t.true(alike > numRuns, `${alike} were read`);
});

const decision = messageCodec<object>('portreeve.v1.DecideResponse');

test('what is joined is read back by any reader of the proto', (t) => {
  const id = fc.option(fc.string({ unit: 'binary', maxLength: 300 }).filter(isText), { nil: null });
  const text = fc.string({ maxLength: 20_000 });
  fc.assert(
    fc.property(fc.array(fc.tuple(id, text), { maxLength: 5 }), (answers) => {
      const joined = joinAnswers(
        answers.map(([connectionId, tenant]) => ({ connectionId, decision: decision.encode({ tenant }) })),
      );
      const { answers: read = [] } = responses.decode(joined);
      t.deepEqual(
        read.map(({ connection_id: own, decision: made }) => [own ?? null, made?.tenant ?? '']),
        answers.map(([own, tenant]) => [own, tenant]),
      );
    }),
    { numRuns },
  );
  t.is(responses.decode(joinRefused(decision.encode({ tenant: 'a' }))).refused?.tenant, 'a');
});

function isText(text: string): boolean {
  return text.isWellFormed();
}
