import { wrongIn, type Door } from './answers.ts';
import { batchSize, type Bodies, type BodyMaker } from './bodies.ts';

/** What is measured in one row of the table. */
export interface Row {
  readonly name: string;
  readonly title: string;
  /** The server that is asked. */
  readonly server: string;
  readonly door: Door;
  readonly bodies: (maker: BodyMaker, calls: number) => Bodies;
  /** What all answers must be. */
  readonly allow: boolean;
  /** Calls of a round, as a share of the usual number. */
  readonly share: number;
  /** Decisions in one call. */
  readonly decisions: number;
}

/** Shares of rows whose calls cost much more, or whose requests take long to make. */
const [whole, few] = [1, 0.125];

const usual = { server: 'shipped', door: 'check', allow: true, share: whole, decisions: 1 } as const;

export const rows: readonly Row[] = [
  { ...usual, name: 'noop', title: 'no-op grpc-js server', server: 'noop', bodies: ({ warm }) => warm },
  {
    ...usual,
    name: 'go',
    title: 'Go by hand, no policy, record or trace',
    server: 'go',
    bodies: ({ warm }) => warm,
  },
  {
    ...usual,
    name: 'opa',
    title: 'opa-envoy-plugin, same work',
    server: 'opa',
    share: few,
    bodies: ({ warm }) => warm,
  },
  { ...usual, name: 'warm', title: 'warm', bodies: ({ warm }) => warm },
  { ...usual, name: 'moved', title: 'warm, new addresses', bodies: (maker, calls) => maker.moved(calls) },
  {
    ...usual,
    name: 'cold',
    title: 'cold',
    server: 'cold',
    share: few,
    bodies: (maker, calls) => maker.cold(calls),
  },
  {
    ...usual,
    name: 'one_in_100',
    title: '1 % cold',
    server: 'cold',
    bodies: (maker, calls) => maker.oneInHundred(calls),
  },
  { ...usual, name: 'denied', title: 'denials', allow: false, bodies: ({ denied }) => denied },
  { ...usual, name: 'headers', title: '40 headers', bodies: ({ manyHeaders }) => manyHeaders },
  { ...usual, name: 'rsa', title: 'RSA chain, warm', bodies: ({ rsa }) => rsa },
  {
    ...usual,
    name: 'rsa_cold',
    title: 'RSA chain, cold',
    server: 'cold',
    share: few,
    bodies: (maker, calls) => maker.coldRsa(calls),
  },
  { ...usual, name: 'gateway', title: 'gateway-asserted', bodies: ({ gateway }) => gateway },
  { ...usual, name: 'strict', title: 'strict record', server: 'strict', bodies: ({ warm }) => warm },
  {
    ...usual,
    name: 'sampled',
    title: 'traces sampled at 1 %',
    server: 'sampled',
    bodies: ({ warm }) => warm,
  },
  {
    ...usual,
    name: 'untraced',
    title: 'warm, no collector',
    server: 'untraced',
    bodies: ({ warm }) => warm,
  },
  {
    ...usual,
    name: 'plain',
    title: 'records in a plain file, no collector',
    server: 'plain',
    bodies: ({ warm }) => warm,
  },
  { ...usual, name: 'bare', title: 'no record, no trace', server: 'bare', bodies: ({ warm }) => warm },
  { ...usual, name: 'decide', title: 'native Decide', door: 'decide', bodies: ({ decide }) => decide },
  {
    ...usual,
    ...{ name: 'batch', title: `DecideBatch of ${batchSize}, a decision`, door: 'batch' },
    share: 1 / batchSize,
    decisions: batchSize,
    bodies: ({ batch }) => batch,
  },
  { ...usual, name: 'two', title: 'warm, two workers', server: 'two', bodies: ({ warm }) => warm },
];

/** How many decisions of an answer to a row's request are wrong. */
export function wrongOf({ door, allow, decisions }: Row): (answer: Buffer) => number {
  return (answer) => wrongIn(door, answer, allow, decisions);
}
