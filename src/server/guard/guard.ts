import { constants } from 'node:http2';
import type { Http2Server, Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Server as NetServer } from 'node:net';
import type { ConnectionsConfig } from '../../config/types.ts';
import { createArrivals } from '../../lib/arrivals.ts';
import type { Clock } from '../../lib/clock.ts';
import { admit } from './newcomers.ts';
import { noCounts } from './counts.ts';
import type { CallEnd, ConnectionEnd, GuardCounts } from './counts.ts';

/** Keeps what peers may take of a worker within bounds, over all its listeners. */
export interface Guard {
  /** Bounds the connections of a listener. */
  admit(sockets: NetServer): void;
  /** Bounds the sessions and calls of an HTTP/2 server. */
  watch(server: Http2Server): void;
  counts(): GuardCounts;
  stop(): void;
}

export interface GuardOptions {
  readonly limits: ConnectionsConfig;
  /** Most time for one decision (ms): no call is ended while it may still be answered. */
  readonly budgetMs: number;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** How often is looked for what takes too long (ms). */
const sweepMs = 500;

/**
 * Compressed calls that may be open at once: each may grow to the transport's limit from a few kilobytes, all side by
 * side and before anybody looks at one.
 */
const compressedCalls = 16;

/** Streams that stay open for as long as the PEP wants to be told. */
const standing: readonly string[] = ['/grpc.health.v1.Health/Watch'];

/** What is known of one HTTP/2 session. Times: monotonic ms. */
interface Session {
  readonly since: number;
  /** Its SETTINGS have come: it speaks HTTP/2. */
  speaks: boolean;
  quietSince: number;
  calls: number;
  resets: number;
  /** Of its calls, those that are compressed. */
  compressed: number;
  bytes: number;
  /** We have ended it; what happens to it now is counted. */
  ended: boolean;
  /** It was ended for its bytes, which count no more from then on. */
  forgotten: boolean;
}

interface Call {
  readonly session: Session;
  /** Undefined once it has ended, so that nothing leads to it. */
  stream: ServerHttp2Stream | undefined;
  ended: boolean;
  readonly since: number;
  readonly compressed: boolean;
  bytes: number;
  cut: boolean;
}

/**
 * Frees what belongs to a call that has ended, for its stream stays known for a while: tables of HTTP/2 that were replaced by
 * larger ones keep their entries and lead to the next, and where one of them has become old, all calls outlive the
 * collections that young memory is for. By then whoever is told of its end has been chosen.
 */
function letGo(stream: ServerHttp2Stream): void {
  stream.removeAllListeners();
  stream.on('error', nothing);
}

const nothing = (): void => undefined;

/**
 * Node pings no session that is to end, ours or the peer's GOAWAY having come. grpc-js takes that for a broken connection and
 * destroys it with its calls in flight, which a PEP that does not ask again loses: it is told that the ping is on its way.
 */
function pingNoneThatEnds(session: Http2Session): void {
  const ping = session.ping.bind(session) as (...told: unknown[]) => boolean;
  session.ping = (...told: unknown[]) => session.closed || ping(...told);
}

/** Starts to look after sessions; costs a call one entry in a list, and no timer. */
export function createGuard({ limits, budgetMs, clock }: GuardOptions): Guard {
  const counts = noCounts();
  const sessions = new Map<Http2Session, Session>();
  const calls = createArrivals<Call>();
  const callMs = Math.max(limits.call, budgetMs + 1000);
  let now = clock.monotonic();
  let compressed = 0;
  let buffered = 0;

  const endSession = (session: Http2Session, known: Session, why: ConnectionEnd): void => {
    if (known.ended) return;
    known.ended = true;
    counts.connections[why] += 1;
    // What is idle may get a call at this moment: what came is answered, and what did not is known to be by the peer (GOAWAY).
    if (why === 'idle') session.close();
    // No error (`undefined` would be one, and its code that of a good end): streams without a listener would throw it.
    else session.destroy(null as unknown as undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  };
  const compressedBy = (session: Session, change: 1 | -1): void => {
    compressed += change;
    session.compressed += change;
  };
  const cut = (call: Call, why: CallEnd): void => {
    if (call.cut) return;
    if (call.compressed) compressedBy(call.session, -1);
    call.cut = true;
    counts.calls[why] += 1;
    call.stream?.close(why === 'compressed' ? constants.NGHTTP2_REFUSED_STREAM : constants.NGHTTP2_CANCEL);
  };

  const opened = (session: Http2Session): void => {
    const known: Session = {
      since: clock.monotonic(),
      speaks: false,
      quietSince: now,
      calls: 0,
      resets: 0,
      compressed: 0,
      bytes: 0,
      ended: false,
      forgotten: false,
    };
    sessions.set(session, known);
    pingNoneThatEnds(session);
    session.once('remoteSettings', () => (known.speaks = true));
    session.once('close', () => sessions.delete(session));
    session.on('error', (error: NodeJS.ErrnoException) => {
      // A connection that merely broke off is nobody's abuse.
      if (known.ended || error.code !== 'ERR_HTTP2_ERROR') return;
      known.ended = true;
      counts.connections[known.resets >= limits.resets.burst ? 'resets' : 'protocol'] += 1;
    });
  };

  /** Called for every piece of every call. */
  const arrived = (call: Call, bytes: number): void => {
    if (call.session.forgotten) return;
    call.bytes += bytes;
    call.session.bytes += bytes;
    buffered += bytes;
    if (buffered > limits.buffered) endLargest();
  };
  const closed = (call: Call, stream: ServerHttp2Stream): void => {
    letGo(stream);
    if (call.ended) return;
    calls.end(call);
    call.stream = undefined;
    call.session.calls -= 1;
    call.session.bytes -= call.bytes;
    call.session.quietSince = now;
    if (!call.session.forgotten) buffered -= call.bytes;
    if (call.compressed && !call.cut) compressedBy(call.session, -1);
    if (call.cut || call.session.ended || stream.rstCode === constants.NGHTTP2_NO_ERROR) return;
    counts.calls.client_reset += 1;
    call.session.resets += 1;
  };
  const called = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    const session = stream.session && sessions.get(stream.session);
    if (session === undefined || stream.destroyed) return;
    const encoding = headers['grpc-encoding'];
    const call: Call = {
      session,
      stream,
      ended: false,
      since: standing.includes(headers[':path'] ?? '') ? Infinity : now,
      compressed: encoding !== undefined && encoding !== 'identity',
      bytes: 0,
      cut: false,
    };
    calls.add(call);
    session.calls += 1;
    stream.on('close', () => closed(call, stream));
    // Answered by its headers alone: nobody reads the rest.
    if (!stream.headersSent) stream.on('data', (piece: Buffer) => arrived(call, piece.byteLength));
    if (!call.compressed) return;
    compressedBy(session, 1);
    if (compressed > compressedCalls) cutCompressed();
  };

  /** The newest of the session that has most of them, so that whoever holds them all keeps nobody else from it. */
  const cutCompressed = (): void => {
    let newest: Call | undefined;
    for (const call of calls) {
      if (!call.compressed || call.cut) continue;
      if (call.session.compressed >= (newest?.session.compressed ?? 0)) newest = call;
    }
    if (newest) cut(newest, 'compressed');
  };

  const endLargest = (): void => {
    let largest: [Http2Session, Session] | undefined;
    for (const one of sessions) {
      if (!one[1].ended && one[1].bytes > (largest?.[1].bytes ?? 0)) largest = one;
    }
    if (!largest) return;
    const [, known] = largest;
    // At once, and not when its calls are closed: what comes until then would be the end of the next largest.
    known.forgotten = true;
    buffered -= known.bytes;
    endSession(...largest, 'buffered');
  };

  const sweep = (): void => {
    now = clock.monotonic();
    for (const [session, known] of sessions) {
      if (!known.speaks && now - known.since > limits.setup) endSession(session, known, 'setup');
      else if (known.calls === 0 && now - known.quietSince > limits.idle) endSession(session, known, 'idle');
    }
    for (const call of calls) {
      // A call's begin is that of the sweep before it.
      if (now - call.since > callMs + sweepMs) cut(call, 'slow');
      // They stand in the order in which they came.
      else if (call.since !== Infinity) break;
    }
  };
  const timer = setInterval(sweep, sweepMs).unref();

  return {
    admit: (sockets) => admit(sockets, limits, counts),
    watch: (server) => {
      server.on('session', opened);
      server.on('stream', called);
    },
    counts: () => ({
      connections: { ...counts.connections },
      calls: { ...counts.calls },
      bufferedBytes: buffered,
    }),
    stop: () => clearInterval(timer),
  };
}
