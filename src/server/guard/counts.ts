/**
 * Why connections were refused or ended by us: the listener or the peer's address had as many as it may; no TLS
 * handshake, or no HTTP/2 settings, in time or at all; the peer broke HTTP/2 or flooded it; more streams reset than
 * forgiven; too much unfinished in memory; no call for long.
 */
export const connectionEnds = [
  'listener_full',
  'address_full',
  'handshake',
  'setup',
  'protocol',
  'resets',
  'buffered',
  'idle',
] as const;
export type ConnectionEnd = (typeof connectionEnds)[number];

/**
 * Why calls ended without an answer: the PEP reset it (its own timeout, most often); it was open for longer than any
 * call may be; too many compressed ones were being opened at once.
 */
export const callEnds = ['client_reset', 'slow', 'compressed'] as const;
export type CallEnd = (typeof callEnds)[number];

/** Since the worker started. Plain data, because it crosses the channel. */
export interface GuardCounts {
  readonly connections: Readonly<Record<ConnectionEnd, number>>;
  readonly calls: Readonly<Record<CallEnd, number>>;
  /** Bytes of calls that are open, as they came. */
  readonly bufferedBytes: number;
}

/** What is counted while it grows. */
export interface Counts {
  readonly connections: Record<ConnectionEnd, number>;
  readonly calls: Record<CallEnd, number>;
}

export function noCounts(): Counts {
  return {
    connections: {
      listener_full: 0,
      address_full: 0,
      handshake: 0,
      setup: 0,
      protocol: 0,
      resets: 0,
      buffered: 0,
      idle: 0,
    },
    calls: { client_reset: 0, slow: 0, compressed: 0 },
  };
}
