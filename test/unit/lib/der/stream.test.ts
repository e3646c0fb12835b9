import { Readable } from 'node:stream';
import test from 'ava';
import { DerReader } from '../../../../src/lib/der/reader.ts';
import { DerStream, elementBounds } from '../../../../src/lib/der/stream.ts';

const der = Buffer.from('3081 86 0201 05 3081 80'.replaceAll(' ', '') + '04021122'.repeat(32), 'hex');

function streamOf(bytes: Uint8Array, size: number, tap?: (bytes: Uint8Array) => void): DerStream {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; at += size) chunks.push(bytes.subarray(at, at + size));
  return new DerStream(Readable.from(chunks), tap);
}

test('elements are read one by one whatever the chunks are, and all of them go to the tap', async (t) => {
  for (const size of [1, 2, 5, 1000]) {
    const seen: Buffer[] = [];
    const stream = streamOf(der, size, (bytes) => void seen.push(Buffer.from(bytes)));
    const outer = await stream.header(Infinity);
    t.like(outer, { tag: 0x30, start: 0, contentStart: 3, end: der.byteLength });
    t.is(await stream.peekTag(outer.end), 0x02);
    const number = await stream.header(outer.end);
    t.deepEqual(Buffer.from(await stream.take(number.end)), Buffer.from([5]));
    const list = await stream.header(outer.end);
    let elements = 0;
    const read = (bytes: Uint8Array): number => {
      let at = 0;
      for (;;) {
        const found = at < bytes.byteLength ? elementBounds(bytes, at, list.end - stream.offset) : undefined;
        if (found === undefined || found.end > bytes.byteLength) return at;
        elements += 1;
        at = found.end;
      }
    };
    while (await stream.step(list.end, read));
    t.is(elements, 32);
    await stream.end();
    t.deepEqual(Buffer.concat(seen), der);
  }
});

test('a stream that ends early or goes on too long is refused', async (t) => {
  const refused = { code: 'PDP_DER_INVALID' };
  const short = streamOf(der.subarray(0, 50), 7);
  const { end } = await short.header(Infinity);
  await t.throwsAsync(short.skip(end), { ...refused, message: /cut off at byte 50/ });
  const long = streamOf(Buffer.concat([der, Buffer.from([0])]), 7);
  await long.skip((await long.header(Infinity)).end);
  await t.throwsAsync(long.end(), { ...refused, message: /bytes too many/ });
  await t.throwsAsync(streamOf(Buffer.from([0x30, 0x82, 0x01]), 1).header(Infinity), refused);
  const stuck = streamOf(der, 7);
  await t.throwsAsync(async () => {
    while (await stuck.step(20, () => 0));
  }, refused);
});

test('a header is taken or refused exactly as the reader of whole documents does', (t) => {
  let refusals = 0;
  for (let first = 0; first < 256; first++) {
    for (const rest of [
      '',
      '00',
      '02aabb',
      '03aabb',
      '80',
      '8100',
      '8102aabb',
      '817faa',
      '820080aa',
      '8500',
      'ff',
    ]) {
      const bytes = Buffer.concat([Buffer.of(first), Buffer.from(rest, 'hex')]);
      const whole = ended(() => new DerReader(bytes).next().whole.byteLength);
      const bounds = ended(() => elementBounds(bytes, 0, bytes.byteLength)?.end);
      t.is(bounds, whole, bytes.toString('hex'));
      if (whole === 'refused') refusals += 1;
    }
  }
  t.true(refusals > 1000);
});

function ended(act: () => number | undefined): number | string | undefined {
  try {
    return act();
  } catch {
    return 'refused';
  }
}
