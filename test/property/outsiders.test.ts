import test from 'ava';
import fc from 'fast-check';
import { parseAddCheckpoint, writeAddCheckpoint } from '../../src/audit/witness/add-checkpoint.ts';
import { parseTimestampResponse } from '../../src/audit/witness/timestamp-response.ts';
import { stretchesOf, worstOf } from '../../src/audit/witness/unseen.ts';
import { PortreeveError } from '../../src/lib/errors.ts';
import { SeenLog, texts } from '../helpers/seen-log.ts';

const log = new SeenLog().grow(...texts(60));

const sighting = fc.record({ size: fc.integer({ min: 0, max: 60 }), at: fc.integer({ min: 0, max: 40 }) });

test('stretches cover every entry once, and end where somebody first saw a tree that has it', (t) => {
  fc.assert(
    fc.property(fc.array(sighting, { maxLength: 12 }), fc.integer({ min: 1, max: 60 }), (all, size) => {
      const current = log.checkpoint(size);
      const sightings = all.filter((one) => one.size <= size);
      const stretches = stretchesOf(sightings, { current, span: { first: 0, last: 50 } });
      let next = 0;
      for (const { from, to, entries, ms } of stretches) {
        t.is(from.size, next);
        t.true(entries > 0 && entries === to.size - from.size);
        t.true(ms !== null && ms >= 0);
        for (let index = from.size; index < to.size; index++) {
          const times = sightings.filter((one) => one.size > index).map(({ at }) => at);
          t.is(to.seen, times.length > 0);
          if (to.seen) t.is(to.at, Math.min(...times));
        }
        next = to.size;
      }
      t.is(next, size);
      const worst = worstOf(stretches);
      t.is(worst?.entries.entries, Math.max(...stretches.map(({ entries }) => entries)));
      t.is(worst?.time.ms, Math.max(...stretches.map(({ ms }) => ms ?? -1)));
    }),
  );
  t.pass();
});

test('requests to witnesses are read as they were written', (t) => {
  const hashes = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 });
  fc.assert(
    fc.property(fc.nat(), hashes, (old, proof) => {
      const checkpoint = log.checkpoint();
      const read = parseAddCheckpoint(writeAddCheckpoint({ old, proof, checkpoint: checkpoint.bytes }));
      t.is(read.old, old);
      t.deepEqual(
        read.proof.map((hash) => [...hash]),
        proof.map((hash) => [...hash]),
      );
      t.is(read.checkpoint.note.text, checkpoint.note.text);
    }),
    { numRuns: 30 },
  );
});

test('whatever a witness or an authority is sent, nothing but a PortreeveError is thrown', (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ maxLength: 300 }).map((text) => Buffer.from(`old 1\n${text}\n\n${text}`)),
    fc
      .uint8Array({ maxLength: 120 })
      .map((rest) => Buffer.concat([Buffer.from('3082007f3003020100', 'hex'), rest])),
  );
  fc.assert(
    fc.property(bytes, (sent) => {
      for (const read of [parseAddCheckpoint, parseTimestampResponse]) {
        try {
          read(sent);
        } catch (thrown) {
          t.true(thrown instanceof PortreeveError, String(thrown));
        }
      }
      t.pass();
    }),
    { numRuns: 500 },
  );
});
