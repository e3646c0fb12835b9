import test from 'ava';
import { Readable, Writable } from 'node:stream';
import { toPem } from '../../../src/ca/authority.ts';
import { runBatch } from '../../../src/cli/cert/batch.ts';
import { BundleReader } from '../../../src/cli/cert/bundle.ts';
import { readingLimit } from '../../../src/identity/reading-cost.ts';
import { makeChain } from './helpers/certificates.ts';

const { ca, request } = await makeChain();
const kept = 64 * 1024 * 1024;

/** Certificates that can be read and lead nowhere: the CA's with another name each. */
function irrelevant(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const der = Buffer.from(ca.der);
    der.write(String(i).padStart(6, '0'), der.indexOf('Meters'));
    return toPem('CERTIFICATE', der);
  });
}

async function verdict(intermediates: readonly string[]): Promise<readonly [boolean, ...string[]]> {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  await runBatch(Readable.from([Buffer.from(`${JSON.stringify({ ...request, intermediates })}\n`)]), stream);
  const { valid, reasons } = JSON.parse(text) as { valid: boolean; reasons: readonly { code: string }[] };
  return [valid, ...reasons.map(({ code }) => code)];
}

test('no more intermediates are read than the limit, in one text or in many', (t) => {
  const many = irrelevant(3000);
  for (const texts of [many, [many.join('')], [many.slice(0, 500).join(''), ...many.slice(500)]]) {
    const reader = new BundleReader(kept);
    const { read, problems, unread } = reader.read(texts);
    t.deepEqual([read.length, problems.length, unread], [readingLimit, 0, true]);
  }
});

test('what cannot be read counts too', (t) => {
  const broken = toPem('CERTIFICATE', Buffer.from('30030101ff', 'hex'));
  const { read, problems, unread } = new BundleReader(kept).read([broken.repeat(3000)]);
  t.deepEqual([read.length, unread], [0, true]);
  t.true(problems.length < readingLimit);
  t.regex(problems[0] ?? '', /^intermediate 0: /);
});

test('of texts that are too long the blocks that fit are looked at', (t) => {
  const [first = '', second = '', third = ''] = irrelevant(3);
  const space = ' '.repeat(2 * 1024 * 1024);
  const read = (...texts: readonly string[]) => {
    const bundle = new BundleReader(kept).read(texts);
    return [bundle.read.length, bundle.problems.length, bundle.unread];
  };
  t.deepEqual(read(first, `${space}${second}`, third), [1, 0, true]);
  t.deepEqual(read(first, `${second}${space}${third}`), [2, 0, true]);
  t.deepEqual(read(space), [0, 0, true]);
  t.deepEqual(read(first, second, third), [3, 0, false]);
});

test('what was read before counts like what is new, and the same bundle is the same array', (t) => {
  const many = irrelevant(readingLimit + 1);
  const reader = new BundleReader(kept);
  for (const one of many) reader.read([one]);
  const again = reader.read(many);
  const fresh = new BundleReader(kept).read(many);
  t.deepEqual([again.read.length, again.unread], [fresh.read.length, fresh.unread]);
  t.is(reader.read([...many]), again);
  t.false(reader.read(many.slice(1)).unread);
});

test('a path that validates still does among hundreds of irrelevant intermediates', async (t) => {
  const [issuing = ''] = request.intermediates;
  t.deepEqual(await verdict([...irrelevant(500), issuing]), [true]);
});

test('a bundle of thousands ends in chain.budget_exceeded, unless what was read suffices', async (t) => {
  const [issuing = ''] = request.intermediates;
  t.deepEqual(await verdict(irrelevant(3000)), [false, 'chain.budget_exceeded']);
  t.deepEqual(await verdict([issuing, ...irrelevant(3000)]), [true]);
});
