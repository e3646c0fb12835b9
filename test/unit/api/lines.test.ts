import test from 'ava';
import fc from 'fast-check';
import { createLines } from '../../../src/api/lines.ts';

const runs = 200 * Number(process.env.SOAK_FACTOR ?? 1);

test('lines are served in turn, each in its order, and nothing is lost or doubled', (t) => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom('a', 'b', 'c', 'd'),
          fc.constantFrom('shift', 'shift where', 'pop', 'pop heaviest'),
        ),
        {
          maxLength: 600,
        },
      ),
      (steps) => {
        const weigh = (item: string): number => Number(item.slice(1)) % 7;
        const isEven = (item: string): boolean => Number(item.slice(1)) % 2 === 0;
        const lines = createLines<string>(weigh);
        const weightOf = (items: string[]): number => items.reduce((sum, item) => sum + weigh(item), 0);
        // The model: one list for each line, and the order of turns.
        let model: [name: string, items: string[]][] = [];
        steps.forEach((step, index) => {
          if (step === 'shift') {
            const [first, ...rest] = model;
            t.is(lines.shift(), first?.[1].shift());
            if (first) model = first[1].length > 0 ? [...rest, first] : rest;
          } else if (step === 'shift where') {
            const found = model.find(([, [head = '']]) => isEven(head));
            t.is(lines.shiftWhere(isEven), found?.[1].shift());
            model = model.filter((line) => line !== found);
            if (found && found[1].length > 0) model.push(found);
          } else if (step === 'pop' || step === 'pop heaviest') {
            const measure = step === 'pop' ? (items: string[]) => items.length : weightOf;
            const most = Math.max(0, ...model.map(([, items]) => measure(items)));
            const found = model.find(([, items]) => measure(items) === most);
            t.is(lines.popMost(step === 'pop' ? 'length' : 'weight'), found?.[1].pop());
            model = model.filter(([, items]) => items.length > 0);
          } else {
            const item = `${step}${index}`;
            lines.push(step, item);
            const line = model.find(([name]) => name === step);
            if (line) line[1].push(item);
            else model.push([step, [item]]);
          }
          t.is(
            lines.size,
            model.reduce((sum, [, items]) => sum + items.length, 0),
          );
          t.is(
            lines.weight,
            model.reduce((sum, [, items]) => sum + weightOf(items), 0),
          );
        });
      },
    ),
    { numRuns: runs },
  );
});

test('a long line is served to its end', (t) => {
  const lines = createLines<number>();
  for (let item = 0; item < 2000; item += 1) lines.push('a', item);
  for (let item = 0; item < 2000; item += 1) t.is(lines.shift(), item);
  t.is(lines.shift(), undefined);
});
