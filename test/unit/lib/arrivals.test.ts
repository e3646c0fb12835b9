import test from 'ava';
import fc from 'fast-check';
import { createArrivals } from '../../../src/lib/arrivals.ts';
import type { Passing } from '../../../src/lib/arrivals.ts';

test('what has come and not ended is told in the order in which it came, with the first of them and how many', (t) => {
  // A number ends that one of those who are here; none is another that comes.
  const steps = fc.array(fc.option(fc.nat(2000)), { maxLength: 3000, size: 'max' });
  fc.assert(
    fc.property(steps, (acts) => {
      const arrivals = createArrivals<Passing>();
      let model: Passing[] = [];
      for (const act of acts) {
        const ending = act === null ? undefined : model[act % model.length];
        if (ending) {
          arrivals.end(ending);
          arrivals.end(ending);
          model = model.filter((one) => one !== ending);
        } else {
          const one = { ended: false };
          arrivals.add(one);
          model.push(one);
        }
        if (arrivals.size !== model.length || arrivals.first !== model[0]) return false;
      }
      const here = [...arrivals];
      return here.length === model.length && here.every((one, index) => one === model[index]);
    }),
    { numRuns: 20 },
  );
  t.pass();
});

test('while one stays, the many that come and go behind it are not kept up by it', (t) => {
  const arrivals = createArrivals<Passing>();
  const [first, last] = [{ ended: false }, { ended: false }];
  arrivals.add(first);
  for (let other = 1; other < 2000; other += 1) {
    const passing = { ended: false };
    arrivals.add(passing);
    arrivals.end(passing);
  }
  t.deepEqual([arrivals.size, arrivals.first], [1, first]);
  arrivals.add(last);
  arrivals.end(first);
  t.deepEqual([[...arrivals], arrivals.first], [[last], last]);
  arrivals.end(last);
  t.deepEqual([[...arrivals], arrivals.first], [[], undefined]);
});

test('who ends while all are looked at is not looked at any more', (t) => {
  const arrivals = createArrivals<Passing & { readonly name: string }>();
  const all = ['a', 'b', 'c'].map((name) => ({ name, ended: false }));
  for (const one of all) arrivals.add(one);
  const seen: string[] = [];
  for (const { name } of arrivals) {
    seen.push(name);
    const next = all[all.findIndex((one) => one.name === name) + 1];
    if (next) arrivals.end(next);
  }
  t.deepEqual(seen, ['a', 'c']);
});
