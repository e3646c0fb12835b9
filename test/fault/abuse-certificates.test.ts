import { generateKeyPairSync, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { abusedServer, soak } from '../helpers/abused.ts';
import { ecdsaSha256, forge, name, oid, time } from '../helpers/chain-forge.ts';
import type { Blueprint, Part } from '../helpers/chain-forge.ts';
import { der } from '../unit/lib/der/encode.ts';

const server = abusedServer();

const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const basicCa: Part = { oid: '2.5.29.19', critical: true, value: der(0x30, der(0x01, [0xff])) };
const signs: Part = { oid: '2.5.29.15', critical: true, value: der(0x03, [1, 6]) };

/** An RSA key of so many bytes of modulus and of exponent; nobody has its other half. */
function rsa(modulus: number, exponent: number): Blueprint['keys']['publicKey'] {
  const odd = (bytes: number): Buffer => {
    const value = Buffer.alloc(bytes, 0x5b);
    value[0] = 0x7f;
    return value;
  };
  const key = der(0x30, der(0x02, odd(modulus)), der(0x02, odd(exponent)));
  const algorithm = der(0x30, oid('1.2.840.113549.1.1.1'), der(0x05));
  const spki = der(0x30, algorithm, der(0x03, Buffer.concat([Buffer.of(0), key])));
  return createPublicKey({ key: spki, format: 'der', type: 'spki' });
}

interface Made {
  readonly subject?: string;
  readonly issuer?: string;
  readonly key?: Blueprint['keys']['publicKey'];
  readonly extensions?: Part[];
  readonly signature?: Buffer;
}

let serial = 1;

function certificate({
  subject = 'Device',
  issuer = 'Meters CA',
  key,
  extensions = [],
  signature,
}: Made): Buffer {
  serial += 1;
  const algorithm = signature ?? ecdsaSha256;
  return forge(
    {
      version: 2,
      serial: [1, serial >> 8, serial & 0xff],
      issuer: name(issuer),
      subject: name(subject),
      notBefore: time('20251121120000Z'),
      notAfter: time('20301121120000Z'),
      keys: { ...keys, publicKey: key ?? keys.publicKey },
      uniqueIds: [],
      extensions,
      inner: algorithm,
      outer: algorithm,
      damage: (whole) => whole,
    },
    keys.privateKey,
  );
}

const rsaSha256 = der(0x30, oid('1.2.840.113549.1.1.11'), der(0x05));
const dns = (text: string): Buffer => der(0x30, der(0x82, text));

/** `depth` SEQUENCEs, one within another. */
function nested(depth: number): Buffer {
  let inner: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level += 1) inner = der(0x30, inner);
  return inner;
}

/** A CA that permits and excludes so many names, under which a leaf has as many. */
function names(count: number): readonly Buffer[] {
  const each = (at: number): Buffer => dns(`a${at}.b.example`);
  const all = Buffer.concat(Array.from({ length: count }, (_, at) => each(at)));
  const value = der(0x30, der(0xa0, all), der(0xa1, all));
  const leafNames = Buffer.concat(Array.from({ length: count }, (_, at) => der(0x82, `x${at}.c.example`)));
  return [
    certificate({
      issuer: 'Bomb',
      extensions: [{ oid: '2.5.29.17', critical: false, value: der(0x30, leafNames) }],
    }),
    certificate({
      subject: 'Bomb',
      issuer: 'Fleet Root',
      extensions: [basicCa, signs, { oid: '2.5.29.30', critical: true, value }],
    }),
  ];
}

/** As many CAs as may be sent, all of one name and one key, each of which may have issued each. */
function maze(): readonly Buffer[] {
  const same = () => certificate({ subject: 'Maze', issuer: 'Maze', extensions: [basicCa, signs] });
  return [certificate({ issuer: 'Maze' }), ...Array.from({ length: 9 }, same)];
}

const underKey = (key: Blueprint['keys']['publicKey']): readonly Buffer[] => [
  certificate({ issuer: 'Bomb', signature: rsaSha256 }),
  certificate({ subject: 'Bomb', issuer: 'Fleet Root', key, extensions: [basicCa, signs] }),
];

/** Chains that cost much to read or to judge, leaf first. Each is made anew, so that none is known already. */
const bombs: Readonly<Record<string, () => readonly Buffer[]>> = {
  'an issuer with an RSA key of 16,384 bits': () => underKey(rsa(2048, 3)),
  'an issuer with an RSA key of 300,000 bits': () => underKey(rsa(37_500, 3)),
  'an issuer with an RSA exponent of 3,000 bits': () => underKey(rsa(384, 375)),
  'an issuer with an RSA exponent as long as its 8,192 bits': () => underKey(rsa(1024, 1023)),
  'a leaf with an RSA key of 300,000 bits': () => [certificate({ key: rsa(37_500, 3) })],
  'an extension of 46,000 bytes': () => [
    certificate({
      extensions: [{ oid: '1.3.6.1.4.1.55555.1', critical: false, value: Buffer.alloc(46_000, 5) }],
    }),
  ],
  'an extension of a megabyte': () => [
    certificate({
      extensions: [{ oid: '1.3.6.1.4.1.55555.1', critical: false, value: Buffer.alloc(200_000, 5) }],
    }),
  ],
  'two thousand extensions': () => [
    certificate({
      extensions: Array.from({ length: 2000 }, (_, at) => ({
        oid: `1.3.6.1.4.1.55555.${at + 1}`,
        critical: false,
        value: der(0x05),
      })),
    }),
  ],
  'nesting of 5,000 levels': () => [
    certificate({ extensions: [{ oid: '2.5.29.17', critical: false, value: nested(5000) }] }),
  ],
  'a thousand names under a thousand name constraints': () => names(1000),
  'a maze of ten CAs of one name': maze,
  'fifty certificates': () =>
    Array.from({ length: 50 }, () => certificate({ issuer: 'Maze', subject: 'Maze' })),
};

/** CPU time that a process has taken so far (clock ticks of 10 ms). */
function ticks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

test.serial('no certificate that a device shows costs much more than an honest one that is new', (t) =>
  server.while(t, async (abused) => {
    const [worker] = (await abused.server.status()).workers;
    const client = abused.server.client(20_000);
    const cost = async (chains: readonly (readonly Uint8Array[])[]): Promise<number> => {
      const before = ticks(worker?.pid ?? 0);
      for (const chain of chains) {
        const { outcome, reasons } = await client.decide({
          peer_chain: [...chain],
          authenticated_by: 'AUTHENTICATED_BY_DEVICE_TLS',
          source_ip: '10.20.0.7',
        });
        t.is(outcome, 'deny');
        t.regex(reasons[0]?.code ?? '', /^(identity|chain|credential|system\.input_invalid)/);
      }
      return ticks(worker?.pid ?? 0) - before;
    };
    const rounds = 20 * soak;
    const many = (make: () => readonly Uint8Array[]): (readonly Uint8Array[])[] =>
      Array.from({ length: rounds }, make);
    await cost(many(() => [certificate({}), certificate({})]));
    for (const [what, make] of Object.entries(bombs)) {
      const took = await cost(many(make));
      // Ten milliseconds each, heartbeats and the honest PEP's calls meanwhile included.
      t.true(took <= rounds + 10, `${what}: ${took * 10} ms for ${rounds}`);
    }
  }),
);
