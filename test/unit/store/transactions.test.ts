import test from 'ava';
import { PortreeveError } from '../../../src/lib/errors.ts';
import { anyChange, openedStore, temporaryStore } from '../../helpers/temporary-store.ts';

const internal = { instanceOf: PortreeveError, code: 'PDP_INTERNAL' };

test('the first change is epoch 1, and epochs grow by one', (t) => {
  const store = temporaryStore(t);
  t.deepEqual(store.epochs(), {});
  t.is(
    store.transact(() => store.change(anyChange('a'))),
    1,
  );
  t.is(
    store.transact(() => store.change(anyChange('b'))),
    2,
  );
  t.deepEqual(store.epochs(), { local: 2 });
});

test('changes are told oldest first, after an epoch, up to a limit, with everything that was recorded', (t) => {
  const store = temporaryStore(t);
  store.transact(() => ['a', 'b', 'c', 'd'].forEach((name) => store.change(anyChange(name))));
  t.deepEqual(store.changesSince(1, 2), [
    { epoch: 2, origin: 'local', ...anyChange('b') },
    { epoch: 3, origin: 'local', ...anyChange('c') },
  ]);
  t.deepEqual(store.changesSince(4, 10), []);
});

test('what throws within a transaction leaves nothing behind, neither rows nor epoch', (t) => {
  const store = temporaryStore(t);
  const failure = new Error('no');
  const thrown = t.throws(() =>
    store.transact(() => {
      store.change(anyChange());
      throw failure;
    }),
  );
  t.is(thrown, failure);
  t.deepEqual(store.epochs(), {});
  t.is(
    store.transact(() => store.change(anyChange())),
    1,
  );
});

test('a nested transaction joins the outer one and falls with it', (t) => {
  const store = temporaryStore(t);
  t.throws(() =>
    store.transact(() => {
      store.transact(() => store.change(anyChange()));
      throw new Error('later');
    }),
  );
  t.deepEqual(store.epochs(), {});
});

test('a snapshot within a transaction sees what the transaction wrote', (t) => {
  const store = temporaryStore(t);
  store.transact(() => {
    store.change(anyChange());
    t.deepEqual(
      store.snapshot(() => store.epochs()),
      { local: 1 },
    );
  });
});

test('a change outside a transaction is refused', (t) => {
  const store = temporaryStore(t);
  t.throws(() => store.change(anyChange()), internal);
  t.throws(() => store.snapshot(() => store.change(anyChange())), internal);
  t.deepEqual(store.epochs(), {});
});

test('a transaction within a snapshot is refused, and the store goes on', (t) => {
  const store = temporaryStore(t);
  t.throws(() => store.snapshot(() => store.transact(() => 1)), internal);
  t.is(
    store.transact(() => store.change(anyChange())),
    1,
  );
});

test('an asynchronous snapshot or transaction is refused and nothing of it is kept', (t) => {
  const store = temporaryStore(t);
  t.throws(() => store.snapshot(async () => 1), internal);
  t.throws(
    () =>
      store.transact(async () => {
        store.change(anyChange());
      }),
    internal,
  );
  t.deepEqual(store.epochs(), {});
});

test('a snapshot does not move while another connection commits, and the next one sees the commit', (t) => {
  const writer = temporaryStore(t);
  const reader = openedStore(t, { path: writer.path, mode: 'read_only' });
  reader.snapshot(() => {
    t.deepEqual(reader.epochs(), {});
    writer.transact(() => writer.change(anyChange()));
    t.deepEqual(reader.epochs(), {});
    t.deepEqual(
      reader.snapshot(() => reader.epochs()),
      {},
      'a nested snapshot is the outer one',
    );
  });
  t.deepEqual(
    reader.snapshot(() => reader.epochs()),
    { local: 1 },
  );
});

test('a snapshot that throws ends, and the next one is fresh', (t) => {
  const writer = temporaryStore(t);
  const reader = openedStore(t, { path: writer.path, mode: 'read_only' });
  t.throws(() =>
    reader.snapshot(() => {
      reader.epochs();
      throw new Error('no');
    }),
  );
  writer.transact(() => writer.change(anyChange()));
  t.deepEqual(
    reader.snapshot(() => reader.epochs()),
    { local: 1 },
  );
});

test('a write that cannot have the lock gives up after the busy timeout and says what to do', (t) => {
  const holder = temporaryStore(t);
  const other = openedStore(t, { path: holder.path, mode: 'read_write', busyTimeoutMs: 30 });
  holder.transact(() => {
    const error = t.throws(() => other.transact(() => other.change(anyChange())), {
      instanceOf: PortreeveError,
      code: 'PDP_STORE_UNAVAILABLE',
    });
    t.regex(error.message, /write lock for 30 ms.*try again/);
    t.true(error.message.includes(holder.path));
  });
  t.is(
    other.transact(() => other.change(anyChange())),
    1,
  );
});

test('a store opened for reading only refuses writes through every way', (t) => {
  const writer = temporaryStore(t);
  const reader = openedStore(t, { path: writer.path, mode: 'read_only' });
  const refused = { instanceOf: PortreeveError, code: 'PDP_STORE_UNAVAILABLE' };
  t.throws(() => reader.transact(() => 1), refused);
  t.throws(() => reader.prepare(`DELETE FROM meta`).run(), refused);
  t.is(openedStore(t, { path: writer.path, mode: 'read_only' }).instance, writer.instance);
});

test('a statement is prepared once per text; one that is wrong in itself is an internal fault', (t) => {
  const store = temporaryStore(t);
  t.is(store.prepare('SELECT 1 AS one'), store.prepare('SELECT 1 AS one'));
  t.throws(() => store.prepare('SELECT nothing FROM nowhere'), internal);
  t.throws(() => store.prepare(`INSERT INTO meta VALUES ('instance', 'x')`).run(), internal);
});

test('rows can be walked one by one and left early', (t) => {
  const store = temporaryStore(t);
  store.transact(() => ['a', 'b', 'c'].forEach((name) => store.change(anyChange(name))));
  const seen: unknown[] = [];
  store.snapshot(() => {
    for (const row of store.prepare('SELECT selector FROM changes ORDER BY epoch').iterate()) {
      seen.push(row['selector']);
      if (seen.length === 2) break;
    }
  });
  t.deepEqual(seen, ['a', 'b']);
  t.is(
    store.transact(() => store.change(anyChange())),
    4,
  );
});

for (const [how, read] of [
  ['lets the throw through', (act: () => unknown) => act()],
  [
    'swallows it',
    (act: () => unknown) => {
      try {
        return act();
      } catch {
        return 'nothing';
      }
    },
  ],
] as const) {
  test(`a snapshot that is overtaken between its epochs and its first statement is read again, also by who ${how}`, (t) => {
    const writer = temporaryStore(t);
    const reader = openedStore(t, { path: writer.path, mode: 'read_only' });
    const count = reader.prepare<{ changes: number }>('SELECT count(*) AS changes FROM changes');
    let runs = 0;
    const seen = reader.snapshot(() => {
      const epochs = reader.epochs();
      runs += 1;
      if (runs === 1) writer.transact(() => writer.change(anyChange()));
      const changes = read(() => count.get()?.changes);
      if (runs === 2) writer.transact(() => writer.change(anyChange()));
      return { epochs, changes, again: read(() => count.get()?.changes) };
    });
    t.is(runs, 2);
    t.deepEqual(seen, { epochs: { local: 1 }, changes: 1, again: 1 });
    t.deepEqual(reader.epochs(), { local: 2 });
  });
}

test('a snapshot in which nothing changed is read once, and does not move after its first statement', (t) => {
  const writer = temporaryStore(t);
  const reader = openedStore(t, { path: writer.path, mode: 'read_only' });
  const count = reader.prepare<{ changes: number }>('SELECT count(*) AS changes FROM changes');
  let runs = 0;
  reader.snapshot(() => {
    runs += 1;
    reader.epochs();
    t.is(count.get()?.changes, 0);
    writer.transact(() => writer.change(anyChange()));
    t.is(count.get()?.changes, 0);
    t.deepEqual(reader.epochs(), {});
  });
  t.is(runs, 1);
});

test('snapshots of one moment see the state that the first of them saw, until it is over', (t) => {
  const writer = temporaryStore(t);
  const reader = openedStore(t, { path: writer.path, mode: 'read_only' });
  const epochs = (moment?: { readonly over: boolean }) => reader.snapshot(() => reader.epochs(), moment);
  const moment = { over: false };
  t.deepEqual(epochs(moment), {});
  writer.transact(() => writer.change(anyChange()));
  t.deepEqual(epochs(moment), {});
  moment.over = true;
  t.deepEqual(epochs(moment), { local: 1 });
});

test('another moment, and none, see the state as it is', (t) => {
  const writer = temporaryStore(t);
  const reader = openedStore(t, { path: writer.path, mode: 'read_only' });
  const epochs = (moment?: { readonly over: boolean }) => reader.snapshot(() => reader.epochs(), moment);
  const [one, other] = [{ over: false }, { over: false }];
  for (let change = 0; change < 2; change += 1) {
    epochs(one);
    writer.transact(() => writer.change(anyChange()));
    t.deepEqual(epochs(other), { local: 2 * change + 1 });
    writer.transact(() => writer.change(anyChange()));
    t.deepEqual(epochs(), { local: 2 * change + 2 });
    t.deepEqual(epochs(one), { local: 2 * change + 2 });
  }
});

test('a moment in which no epochs were read, or whose snapshot threw, reads them', (t) => {
  const writer = temporaryStore(t);
  const reader = openedStore(t, { path: writer.path, mode: 'read_only' });
  const moment = { over: false };
  t.deepEqual(reader.epochs(), {});
  reader.snapshot(() => undefined, moment);
  writer.transact(() => writer.change(anyChange()));
  t.deepEqual(
    reader.snapshot(() => reader.epochs(), moment),
    { local: 1 },
  );
});

test('what a moment has not read yet is read of the state as it is, and with its epochs', (t) => {
  const writer = temporaryStore(t);
  const reader = openedStore(t, { path: writer.path, mode: 'read_only' });
  const moment = { over: false };
  reader.snapshot(() => reader.epochs(), moment);
  writer.transact(() => writer.change(anyChange()));
  const seen = reader.snapshot(() => {
    const epochs = reader.epochs();
    return [epochs, reader.changesSince(0, 10).length];
  }, moment);
  t.deepEqual(seen, [{ local: 1 }, 1]);
});

test('a store that has written itself reads its epochs anew in the same moment', (t) => {
  const store = temporaryStore(t);
  const moment = { over: false };
  store.snapshot(() => store.epochs(), moment);
  store.transact(() => store.change(anyChange()));
  t.deepEqual(
    store.snapshot(() => store.epochs(), moment),
    { local: 1 },
  );
});
