import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { der } from '../unit/lib/der/encode.ts';
import { type Blueprint, ecdsaSha256, forge, keyId, name, oid, type Part, time } from './chain-forge.ts';

/** Numbers below `n`, the same ones for the same seed (xorshift32). */
export type Dice = (n: number) => number;

export function dice(seed: number): Dice {
  let state = seed | 0 || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

const keyPool = Array.from({ length: 8 }, () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }));

/** The time at which chains are judged, in seconds since 1970: 2026-11-21T12:00:00Z. */
export const chainTime = 1_795_262_400;
const [past, future] = ['20251121120000Z', '20271121120000Z'] as const;

/** A chain, leaf first, and who signs each. */
interface Draft {
  readonly certificates: Blueprint[];
  readonly signers: KeyObject[];
  /** Places of the certificates that are sent, in this order. */
  sent: number[];
}

export interface Chain {
  readonly mutations: readonly string[];
  readonly leaf: Buffer;
  readonly sent: readonly Buffer[];
  readonly anchor: Buffer;
}

type Change = (draft: Draft, place: number, roll: Dice) => void;

const ids = {
  ski: '2.5.29.14',
  usage: '2.5.29.15',
  san: '2.5.29.17',
  basic: '2.5.29.19',
  names: '2.5.29.30',
  policies: '2.5.29.32',
  mappings: '2.5.29.33',
  aki: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  purposes: '2.5.29.37',
  inhibitAny: '2.5.29.54',
} as const;

const usage = (bits: number): Buffer => der(0x03, [trailingZeros(bits), bits]);
const trailingZeros = (bits: number): number => (bits === 0 ? 0 : 31 - Math.clz32(bits & -bits));
const basic = (ca: boolean, pathLen?: number): Buffer =>
  der(0x30, ...(ca ? [der(0x01, [0xff])] : []), ...(pathLen === undefined ? [] : [der(0x02, [pathLen])]));

function part(kind: string, value: Buffer, critical?: true): Part {
  return { oid: kind, critical, value };
}

/** Leaf, two CAs and a root that is right in everything. */
function whole(roll: Dice): Draft {
  const keys = Array.from(
    { length: 4 },
    (_, i) => keyPool[(i * 2 + roll(2)) % keyPool.length],
  ) as Blueprint['keys'][];
  const subjects = ['Device', 'Lower', 'Upper', 'Root'];
  const certificates = subjects.map((_subject, place): Blueprint => {
    const above = Math.min(place + 1, 3);
    const own = keys[place] as Blueprint['keys'];
    const shared = [
      part(ids.ski, der(0x04, keyId(own.publicKey))),
      part(ids.aki, der(0x30, der(0x80, keyId((keys[above] as Blueprint['keys']).publicKey)))),
    ];
    const role =
      place === 0
        ? [
            part(ids.basic, basic(false), true),
            part(ids.usage, usage(0x80), true),
            part(ids.purposes, der(0x30, oid('1.3.6.1.5.5.7.3.2'))),
            part(ids.san, der(0x30, der(0x82, 'a.example.com'), der(0x81, 'a@example.com'))),
          ]
        : [part(ids.basic, basic(true), true), part(ids.usage, usage(0x06), true)];
    return {
      version: 2,
      serial: [1 + place, roll(128)],
      issuer: name(subjects[above] as string),
      subject: name(subjects[place] as string),
      notBefore: time(past),
      notAfter: time(future),
      keys: own,
      uniqueIds: [],
      extensions: [...role, ...shared],
      inner: ecdsaSha256,
      outer: ecdsaSha256,
      damage: (bytes) => bytes,
    };
  });
  const signers = [1, 2, 3, 3].map((place) => (keys[place] as Blueprint['keys']).privateKey);
  return { certificates, signers, sent: [1, 2] };
}

function at(draft: Draft, place: number): Blueprint {
  return draft.certificates[place] as Blueprint;
}

function pick<T>(roll: Dice, list: readonly T[]): T {
  return list[roll(list.length)] as T;
}

function put(draft: Draft, place: number, one: Part): void {
  const certificate = at(draft, place);
  certificate.extensions = [...certificate.extensions.filter(({ oid: kind }) => kind !== one.oid), one];
}

const subtree = (tag: number, value: string | number[] | Buffer): Buffer => der(0x30, der(tag, value));
const directory = (organisation: string): Buffer =>
  der(0x30, der(0x31, der(0x30, oid('2.5.4.10'), der(0x0c, organisation))));

const bases: readonly Buffer[] = [
  subtree(0x82, 'example.com'),
  subtree(0x82, 'a.example.com'),
  subtree(0x82, 'other.com'),
  subtree(0x81, 'example.com'),
  subtree(0x81, 'a@example.com'),
  subtree(0x81, 'other.com'),
  subtree(0x81, '.example.com'),
  subtree(0x86, 'example.com'),
  subtree(0x86, '.example.com'),
  subtree(0x87, [10, 0, 0, 0, 255, 0, 0, 0]),
  subtree(0x87, [10, 0, 0, 0, 255, 0, 255, 0]),
  subtree(0x87, [0, 0, 0, 0, 0, 0, 0, 0]),
  subtree(0xa4, directory('Example')),
  subtree(0xa4, directory('example')),
  subtree(0xa4, directory('Other')),
  subtree(0x88, [0x2a, 3]),
];

const alternatives: readonly Buffer[] = [
  der(0x82, 'b.example.com'),
  der(0x82, 'EXAMPLE.com'),
  der(0x82, 'other.com'),
  der(0x81, 'b@example.com'),
  der(0x81, 'b@c.example.com'),
  der(0x86, 'https://example.com/x'),
  der(0x86, 'https://b.example.com:8443/x'),
  der(0x86, 'urn:dev:1'),
  der(0x87, [10, 1, 2, 3]),
  der(0x87, [11, 1, 2, 3]),
  der(0x87, [10, 1, 2]),
  der(0xa4, directory('Other')),
  der(0x88, [0x2a, 3]),
];

const policyOids = ['1.2.3.1', '1.2.3.2', '2.5.29.32.0'] as const;

/** One thing each that is done to a certificate of a chain, or to the chain. */
const changes: Readonly<Record<string, Change>> = {
  none: () => undefined,
  version: (draft, place, roll) => (at(draft, place).version = pick(roll, [undefined, 0, 1, 3])),
  serial: (draft, place, roll) =>
    (at(draft, place).serial = pick(roll, [
      [0],
      [0x80],
      [0xff, 1],
      Array<number>(21).fill(1),
      Array<number>(20).fill(1),
      [0, 1],
    ])),
  issuer: (draft, place, roll) =>
    (at(draft, place).issuer = pick(roll, [
      name('Nobody'),
      der(0x30),
      name(['Lower', 'Upper', 'Root', 'Root'][place] as string, 'EXAMPLE'),
      name(['Lower', 'Upper', 'Root', 'Root'][place] as string, 'Example', 0x13),
      name(`  ${['Lower', 'Upper', 'Root', 'Root'][place]} `),
    ])),
  subject: (draft, place, roll) =>
    (at(draft, place).subject = pick(roll, [name('Else'), der(0x30), name('Device', 'Other')])),
  not_before: (draft, place, roll) =>
    (at(draft, place).notBefore = pick(roll, [
      time('20261121120000Z'),
      time('20261121120001Z'),
      time(past, 'generalized'),
      time('20261321120000Z'),
      der(0x17, '2611211200Z'),
    ])),
  not_after: (draft, place, roll) =>
    (at(draft, place).notAfter = pick(roll, [
      time('20261121120000Z'),
      time('20261121115959Z'),
      time('20510101000000Z', 'generalized'),
      time('99991231235959Z', 'generalized'),
      der(0x17, '271121120000+0000'),
    ])),
  key: (draft, place, roll) => (at(draft, place).keys = pick(roll, keyPool)),
  unique_id: (draft, place) => (at(draft, place).uniqueIds = [der(0x81, [0, 1])]),
  extension_dropped: (draft, place, roll) => {
    const { extensions } = at(draft, place);
    at(draft, place).extensions = extensions.toSpliced(roll(extensions.length), 1);
  },
  extensions_dropped: (draft, place) => (at(draft, place).extensions = []),
  extension_twice: (draft, place, roll) =>
    at(draft, place).extensions.push(pick(roll, at(draft, place).extensions)),
  extensions_reordered: (draft, place, roll) => at(draft, place).extensions.sort(() => roll(3) - 1),
  extension_critical: (draft, place, roll) => {
    const one = pick(roll, at(draft, place).extensions);
    const critical = pick(roll, [true, undefined, false]);
    at(draft, place).extensions = at(draft, place).extensions.map((it) =>
      it === one ? { ...it, critical } : it,
    );
  },
  extension_unknown: (draft, place, roll) =>
    put(draft, place, { oid: '1.2.3.4', critical: pick(roll, [true, undefined]), value: der(0x05) }),
  extension_broken: (draft, place, roll) => {
    const one = pick(roll, at(draft, place).extensions);
    const value = pick(roll, [
      der(0x05),
      Buffer.alloc(0),
      one.value.subarray(0, -1),
      Buffer.concat([one.value, Buffer.alloc(1)]),
    ]);
    put(draft, place, { ...one, value });
  },
  basic_constraints: (draft, place, roll) =>
    put(
      draft,
      place,
      part(
        ids.basic,
        pick(roll, [basic(true), basic(false), basic(true, 0), basic(true, 1), basic(false, 0)]),
        true,
      ),
    ),
  key_usage: (draft, place, roll) =>
    put(
      draft,
      place,
      part(ids.usage, pick(roll, [0, 0x80, 0x04, 0x02, 0x06, 0x86, 0x20, 0x08].map(usage)), true),
    ),
  purposes: (draft, place, roll) =>
    put(
      draft,
      place,
      part(
        ids.purposes,
        pick(roll, [
          der(0x30, oid('1.3.6.1.5.5.7.3.1')),
          der(0x30, oid('1.3.6.1.5.5.7.3.2')),
          der(0x30, oid('2.5.29.37.0')),
          der(0x30, oid('1.2.3.4'), oid('1.3.6.1.5.5.7.3.2')),
          der(0x30),
        ]),
      ),
    ),
  alternative_names: (draft, place, roll) =>
    put(draft, place, part(ids.san, der(0x30, pick(roll, alternatives), pick(roll, alternatives)))),
  name_constraints: (draft, _place, roll) => {
    const ca = 1 + roll(3);
    const value = der(0x30, der(pick(roll, [0xa0, 0xa1]), pick(roll, bases), pick(roll, bases)));
    put(draft, ca, part(ids.names, value, true));
    if (roll(2) === 0) {
      put(draft, 0, part(ids.san, der(0x30, pick(roll, alternatives), pick(roll, alternatives))));
    }
  },
  policies: (draft, _place, roll) => {
    for (const place of [0, 1, 2]) {
      if (roll(4) > 0)
        put(draft, place, part(ids.policies, der(0x30, der(0x30, oid(pick(roll, policyOids))))));
    }
    const ca = 1 + roll(2);
    const constraints = [
      der(0x30, der(0x80, [roll(3)])),
      der(0x30, der(0x81, [roll(2)])),
      der(0x30, der(0x80, [0]), der(0x81, [0])),
    ];
    put(draft, ca, part(ids.policyConstraints, pick(roll, constraints), true));
    if (roll(3) === 0) put(draft, ca, part(ids.inhibitAny, der(0x02, [roll(2)]), true));
    if (roll(3) === 0) {
      const mapping = der(0x30, der(0x30, oid(pick(roll, policyOids)), oid(pick(roll, policyOids))));
      put(draft, 1 + roll(2), part(ids.mappings, mapping, true));
    }
  },
  key_identifier: (draft, place, roll) =>
    put(
      draft,
      place,
      pick(roll, [
        part(ids.aki, der(0x30, der(0x80, Buffer.alloc(20, 7)))),
        part(ids.aki, der(0x30)),
        part(ids.ski, der(0x04, Buffer.alloc(20, 9))),
      ]),
    ),
  signer: (draft, place, roll) => (draft.signers[place] = pick(roll, keyPool).privateKey),
  algorithm_inside: (draft, place) => (at(draft, place).inner = der(0x30, oid('1.2.840.10045.4.3.3'))),
  algorithm_both: (draft, place) => {
    at(draft, place).inner = at(draft, place).outer = der(0x30, oid('1.2.840.10045.4.3.2'), der(0x05));
  },
  byte: (draft, place, roll) => {
    const [where, bit] = [roll(1 << 20), roll(8)];
    at(draft, place).damage = (bytes) => {
      const copy = Buffer.from(bytes);
      copy[where % copy.length] = (copy[where % copy.length] as number) ^ (1 << bit);
      return copy;
    };
  },
  self_issued: (draft) => {
    at(draft, 1).subject = at(draft, 2).subject;
    at(draft, 0).issuer = at(draft, 2).subject;
  },
  sent_missing: (draft, _place, roll) => (draft.sent = draft.sent.toSpliced(roll(2), 1)),
  sent_reordered: (draft) => (draft.sent = [3, 2, 1, 0, 2]),
};

/** A chain that was whole, and to which one to three things were done. */
export function mutatedChain(roll: Dice): Chain {
  const draft = whole(roll);
  const kinds = Object.keys(changes);
  const mutations: string[] = [];
  for (let left = 1 + (roll(3) === 0 ? roll(3) : 0); left > 0; left--) {
    const [kind, place] = [pick(roll, kinds), roll(4)];
    // What is done to an extension needs one.
    if (at(draft, place).extensions.length === 0 && kind.startsWith('extension')) continue;
    changes[kind]?.(draft, place, roll);
    mutations.push(`${kind}@${place}`);
  }
  const made = draft.certificates.map((one, place) => forge(one, draft.signers[place] as KeyObject));
  return {
    mutations,
    leaf: made[0] as Buffer,
    sent: draft.sent.map((place) => made[place] as Buffer),
    anchor: made[3] as Buffer,
  };
}
