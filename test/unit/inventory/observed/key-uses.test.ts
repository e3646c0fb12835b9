import test from 'ava';
import { createKeyUses } from '../../../../src/inventory/observed/key-uses.ts';
import { someObservation } from '../../../helpers/observations.ts';

const window = 600_000;

test('a key is told once it was used in a second place, whichever worker saw it', (t) => {
  const uses = createKeyUses(() => window);
  t.is(uses.note(someObservation({ at: 1000 })), undefined);
  t.is(uses.note(someObservation({ at: 2000 })), undefined);
  const shared = uses.note(someObservation({ at: 3000, gateway: 'elsewhere' }));
  t.deepEqual(
    shared?.uses.map(({ gateway, last_used }) => [gateway, last_used]),
    [
      ['edge', 2000],
      ['elsewhere', 3000],
    ],
  );
  t.like(uses.stats(), { entries: 1, hits: 2, misses: 1 });
});

test('a reload with another prefix shares no key of a device that stays where it is', (t) => {
  const uses = createKeyUses(() => window);
  uses.note(someObservation({ network: '10.20.1.0/24', at: 1000 }));
  t.is(uses.note(someObservation({ network: '10.20.0.0/16', at: 2000 })), undefined);
  // Of a worker that comes to the new prefix a little later.
  t.is(uses.note(someObservation({ network: '10.20.1.0/24', at: 2001 })), undefined);
  t.is(uses.note(someObservation({ network: '10.21.0.0/16', at: 3000 }))?.uses.length, 2);
});

test('the same key of another tenant is another key', (t) => {
  const uses = createKeyUses(() => window);
  uses.note(someObservation({ tenant: 'one' }));
  t.is(uses.note(someObservation({ tenant: 'two', gateway: 'elsewhere' })), undefined);
});

test('a worker that starts is told of keys that are still shared, and of no other', (t) => {
  const uses = createKeyUses(() => window);
  uses.note(someObservation({ at: 1000 }));
  uses.note(someObservation({ at: 2000, gateway: 'elsewhere' }));
  t.is(uses.shared(2000).length, 1);
  t.is(uses.shared(2001).length, 0);
});

test('what is remembered is bounded, the keys used longest ago go first', (t) => {
  const uses = createKeyUses(() => window);
  for (let key = 0; key <= 100_000; key++) {
    uses.note(someObservation({ key: key.toString(16).padStart(64, '0'), at: key }));
  }
  const full = { name: 'key_uses', entries: 100_000, bound: 100_000, hits: 0, misses: 100_001, evictions: 1 };
  t.deepEqual(uses.stats(), full);
  t.is(uses.note(someObservation({ key: '0'.repeat(64), at: 100_001, gateway: 'elsewhere' })), undefined);
});
