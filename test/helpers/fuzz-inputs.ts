/** Deterministic pseudo-random numbers (xorshift32); the same seed gives the same inputs everywhere. */
export function createRandom(seed: number): { below(limit: number): number } {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return { below: (limit) => next() % limit };
}

type Random = ReturnType<typeof createRandom>;

/** One to six changes of a valid input: bytes set, bits flipped, lengths nudged, pieces cut, doubled, moved or noised. */
export function mutate(source: Uint8Array, random: Random): Uint8Array {
  let bytes = Buffer.from(source);
  for (let changes = 1 + random.below(6); changes > 0; changes--) bytes = change(bytes, random);
  return bytes;
}

const telling = [
  0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xff, 0x30, 0x31, 0x02, 0x03, 0x04, 0x05, 0x06, 0xa0, 0xa3,
];

function change(bytes: Buffer<ArrayBuffer>, random: Random): Buffer<ArrayBuffer> {
  if (bytes.length === 0) return Buffer.from([random.below(256)]);
  const at = random.below(bytes.length);
  const end = Math.min(bytes.length, at + 1 + random.below(24));
  switch (random.below(8)) {
    case 0:
      bytes[at] = random.below(256);
      return bytes;
    case 1:
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      return bytes;
    case 2:
      bytes[at] = telling[random.below(telling.length)] as number;
      return bytes;
    case 3:
      bytes[at] = ((bytes[at] as number) + (random.below(2) === 0 ? 1 : 255)) & 0xff;
      return bytes;
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 6:
      return bytes.subarray(0, at);
    default: {
      const noise = Buffer.alloc(1 + random.below(16), 0).map(() => random.below(256));
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
    }
  }
}
