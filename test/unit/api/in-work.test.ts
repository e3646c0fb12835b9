import test from 'ava';
import fc from 'fast-check';
import { createInWork } from '../../../src/api/in-work.ts';
import type { Work } from '../../../src/api/in-work.ts';

test('what is in work is as many as were begun and not ended, and the oldest is the first of them', (t) => {
  // A number ends that one of those in work; none begins one.
  const steps = fc.array(fc.option(fc.nat(2000)), { maxLength: 3000, size: 'max' });
  fc.assert(
    fc.property(steps, (acts) => {
      const inWork = createInWork();
      let model: Work[] = [];
      for (const [since, act] of acts.entries()) {
        const ending = act === null ? undefined : model[act % model.length];
        if (ending) {
          inWork.end(ending);
          inWork.end(ending);
          model = model.filter((work) => work !== ending);
        } else model.push(inWork.add(since));
        if (inWork.size !== model.length || inWork.oldest !== (model[0]?.since ?? Infinity)) return false;
      }
      return true;
    }),
    { numRuns: 20 },
  );
  t.pass();
});

test('while one call stays, the many that come and go behind it are not kept up by it', (t) => {
  const inWork = createInWork();
  const first = inWork.add(0);
  for (let since = 1; since < 2000; since += 1) inWork.end(inWork.add(since));
  t.deepEqual([inWork.size, inWork.oldest], [1, 0]);
  const last = inWork.add(2000);
  inWork.end(first);
  t.deepEqual([inWork.size, inWork.oldest], [1, 2000]);
  inWork.end(last);
  t.deepEqual([inWork.size, inWork.oldest], [0, Infinity]);
});
