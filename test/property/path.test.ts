import test from 'ava';
import fc from 'fast-check';
import { dice, chainTime, mutatedChain, type Chain } from '../helpers/chain-mutations.ts';
import { validateCase } from '../helpers/suite-path.ts';

const factor = Number(process.env.SOAK_FACTOR ?? 1);
const rules = { at: chainTime * 1000 };

function validates({ leaf, anchor }: Chain, sent: readonly Buffer[]): boolean {
  return validateCase({ leaf, sent, anchors: [anchor] }, rules).valid;
}

const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });

test('a chain that validates still does with certificates added that do not belong to it, in any order', (t) => {
  let valid = 0;
  fc.assert(
    fc.property(seeds, fc.integer(), (seed, order) => {
      const roll = dice(seed);
      const [chain, one, other] = [mutatedChain(roll), mutatedChain(roll), mutatedChain(roll)];
      if (!validates(chain, chain.sent)) return true;
      valid++;
      // Their subjects are those of this chain, so that they are tried and have to be passed over.
      const strangers = [...one.sent, one.anchor, one.leaf, ...other.sent, Buffer.from('no certificate')];
      const shuffle = dice(order);
      const sent = [...chain.sent, ...strangers].toSorted(() => shuffle(3) - 1);
      return validates(chain, sent);
    }),
    { numRuns: 150 * factor },
  );
  t.true(valid > 0);
});

test('no chain validates after a byte of a signed part, or of a signature, has changed', (t) => {
  let changed = 0;
  fc.assert(
    fc.property(seeds, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(2), (seed, where, bits, which) => {
      const chain = mutatedChain(dice(seed));
      // A copy of what was sent twice would still count.
      if (chain.mutations.some((name) => name.startsWith('sent_'))) return true;
      if (!validates(chain, chain.sent)) return true;
      const copies = [chain.leaf, ...chain.sent].map((der) => Buffer.from(der));
      const target = copies[which] as Buffer;
      const at = where % target.length;
      target[at] = (target[at] as number) ^ bits;
      const [leaf, ...sent] = copies as [Buffer, ...Buffer[]];
      changed++;
      return !validates({ ...chain, leaf }, sent);
    }),
    { numRuns: 150 * factor },
  );
  t.true(changed > 0);
});
