/**
 * What a fleet asks over a long time: most devices seldom, some often, now and then one with a certificate that nobody has
 * seen, and some that are not let in. What the answer to each must be is known.
 */
import { leafMaker, serialOf } from '../../../bench/scale/leaves.ts';
import { messageCodec } from '../../../src/api/load-protos.ts';
import type { Authority } from '../../../src/ca/index.ts';
import type { Fields } from '../inventory.ts';
import { grpcRequest } from '../storm.ts';
import type { Prepared } from '../storm.ts';

/** How often each is in a hundred requests, and the first reason of its answer. */
const kinds = {
  seldom: { share: 60, reason: 'policy.ok' },
  often: { share: 26, reason: 'policy.ok' },
  churned: { share: 10, reason: 'policy.ok' },
  unseen: { share: 1, reason: 'policy.ok' },
  revoked: { share: 1, reason: 'revocation.revoked' },
  quarantined: { share: 1, reason: 'inventory.quarantined' },
  unknown: { share: 1, reason: 'inventory.unknown_device' },
} as const;
type Kind = keyof typeof kinds;

export const denials = Object.values(kinds).flatMap(({ reason }) => (reason === 'policy.ok' ? [] : [reason]));
export const seldomShare = kinds.seldom.share / 100;

/** Each kind evenly spread over a hundred. */
const hundred = ((): readonly Kind[] => {
  const inTurn = Object.entries(kinds).flatMap(([kind, { share }]) => Array<Kind>(share).fill(kind as Kind));
  // 37 and 100 have no common divisor: every place is taken once.
  return inTurn.map((_, place) => inTurn[(place * 37) % inTurn.length] as Kind);
})();

export interface Sizes {
  /** Devices, each with a certificate of its own, that take turns. */
  readonly devices: number;
  /** How many of these are asked about often. */
  readonly often: number;
  /** Further ones whose inventory rows change all the time. */
  readonly churned: number;
  /** Certificates of each kind that is denied. */
  readonly denied: number;
}

/** Common names of one length: certificates are made from a sample. */
const ids = { device: 'meter', churned: 'churn', quarantined: 'apart', unknown: 'ghost' } as const;

function idOf(of: keyof typeof ids, number: number): string {
  return `${ids[of]}-${String(number).padStart(8, '0')}`;
}

/** First octets of serial numbers, by what they are for. */
const families = { device: 1, churned: 2, unseen: 3, revoked: 4, quarantined: 5, unknown: 6 } as const;

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number);
}

/** Inventory rows of all that are known. */
export function rowsOf({ devices, churned, denied }: Sizes): readonly Fields[] {
  const row = (device_id: string, status = 'active'): Fields => ({ device_id, status, class: 'meter' });
  return [
    ...numbers(devices).map((number) => row(idOf('device', number))),
    ...numbers(churned).map((number) => row(idOf('churned', number))),
    ...numbers(denied).map((number) => row(idOf('quarantined', number), 'quarantined')),
  ];
}

/** Rows of churned devices as they are at a turn, a part of them. */
export function churnedRows({ churned }: Sizes, turn: number, count: number): readonly Fields[] {
  return numbers(count).map((number) => ({
    ...{ device_id: idOf('churned', (turn * count + number) % churned), status: 'active', class: 'meter' },
    owner: `turn ${turn}`,
  }));
}

/** Serial numbers (hex) that the issuer's list must always have. */
export function revokedSerials({ denied }: Sizes): readonly string[] {
  return numbers(denied).map((number) => serialOf(families.revoked, number).toString('hex'));
}

/** Requests in their order. */
export interface Round {
  readonly requests: readonly Prepared[];
  /** Of the first so many: how often which first reason must be answered, and how many certificates nobody had seen. */
  readonly of: (first: number) => { readonly reasons: ReadonlyMap<string, number>; readonly unseen: number };
}

export interface Asking {
  /** The next so many; goes on where the last one ended, and shows certificates that were not shown before. */
  next(count: number): Round;
}

/** Makes certificates of an issuing CA under an anchor of the profile `cn`. */
export async function makeAsking(issuer: Authority, sizes: Sizes, now: number): Promise<Asking> {
  const make = await leafMaker(issuer, idOf('device', 0), now);
  const request = (id: string, family: number, certificate: number): Prepared =>
    requestOf(make(id, serialOf(family, certificate)));
  const all = (of: keyof typeof ids, count: number): readonly Prepared[] =>
    numbers(count).map((number) => request(idOf(of, number), families[of], number));
  const devices = all('device', sizes.devices);
  const pools: Readonly<Record<Exclude<Kind, 'unseen'>, readonly Prepared[]>> = {
    seldom: devices,
    often: devices.slice(0, sizes.often),
    churned: all('churned', sizes.churned),
    revoked: numbers(sizes.denied).map((number) => request(idOf('device', number), families.revoked, number)),
    quarantined: all('quarantined', sizes.denied),
    unknown: all('unknown', sizes.denied),
  };
  const turns = new Map<Kind, number>();
  let asked = 0;
  const one = (kind: Kind): Prepared => {
    const turn = turns.get(kind) ?? 0;
    turns.set(kind, turn + 1);
    if (kind === 'unseen') return request(idOf('device', turn % sizes.devices), families.unseen, turn);
    const pool = pools[kind];
    return pool[turn % pool.length] as Prepared;
  };
  return {
    next: (count) => {
      const these = numbers(count).map((number) => hundred[(asked + number) % hundred.length] as Kind);
      asked += count;
      return {
        requests: these.map(one),
        of: (first) => ({
          reasons: reasonsOf(these.slice(0, first)),
          unseen: these.slice(0, first).filter((kind) => kind === 'unseen').length,
        }),
      };
    },
  };
}

function reasonsOf(asked: readonly Kind[]): ReadonlyMap<string, number> {
  const reasons = new Map<string, number>();
  for (const kind of asked) {
    const { reason } = kinds[kind];
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return reasons;
}

const codec = messageCodec<object>('envoy.service.auth.v3.CheckRequest');

function requestOf(pem: string): Prepared {
  const message = codec.encode({
    attributes: {
      source: {
        address: { socket_address: { address: '10.20.0.7' } },
        certificate: encodeURIComponent(pem),
      },
      request: { http: { method: 'GET', path: '/', host: 'h' } },
    },
  });
  return grpcRequest('/envoy.service.auth.v3.Authorization/Check', message, 5000);
}
