/**
 * An open-loop load over raw HTTP/2: so many requests a second are wanted, whatever becomes of those before, as devices
 * do. A library's client costs as much as the server does, and could not want three times what that can answer. It keeps
 * to what the server allows (SETTINGS_MAX_CONCURRENT_STREAMS, flow control), gives up after a time as enforcement points
 * do (RST_STREAM), and holds a few requests back for a free stream; or, told so, it ignores the limit.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import {
  createFrameReader,
  data,
  flag,
  frameType,
  grpcHeaders,
  headerBlock,
  headers,
  ping,
  preface,
  rstStream,
  setting,
  settings,
  settingsAck,
  windowUpdate,
  type Frame,
} from './http2-frames.ts';

/** The frames of a request, but for the number of its stream. */
export interface Prepared {
  readonly bytes: Buffer;
  /** Where that number is to be written. */
  readonly places: readonly number[];
  /** What it takes of the connection's flow-control window. */
  readonly window: number;
}

/** A unary gRPC call that its enforcement point waits so long for (ms). */
export function grpcRequest(path: string, message: Uint8Array, timeoutMs: number): Prepared {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.byteLength, 1);
  const head = headers(0, grpcHeaders(path, { 'x-envoy-expected-rq-timeout-ms': String(timeoutMs) }));
  const body = data(0, Buffer.concat([prefix, message]));
  return {
    bytes: Buffer.concat([head, body]),
    places: [5, head.byteLength + 5],
    window: message.byteLength + 5,
  };
}

/** A GET without a body. */
export function httpRequest(authority: string, more: Readonly<Record<string, string>>): Prepared {
  const usual = { ':method': 'GET', ':scheme': 'https', ':path': '/readings', ':authority': authority };
  return {
    bytes: headers(0, headerBlock(Object.entries({ ...usual, ...more })), true),
    places: [5],
    window: 0,
  };
}

/**
 * What became of a request: `allowed`, `denied`, `shed` and `failed` are answers; `refused` the server reset it,
 * `timed_out` it was given up after it was sent, `held_back` before, `lost` its connection ended.
 */
export type Fate = 'allowed' | 'denied' | 'shed' | 'failed' | 'refused' | 'timed_out' | 'held_back' | 'lost';

export interface StormOptions {
  readonly address: string;
  /** One entry for each connection. */
  readonly connections: readonly {
    readonly tls?: ConnectionOptions;
    readonly requests: readonly Prepared[];
    /** Where it leads to instead. */
    readonly address?: string;
  }[];
  /** How many are wanted; `{ parallel }`: as many as can be answered, with so many under way on each connection. */
  readonly perSecond: number | { readonly parallel: number };
  readonly seconds: number;
  /** After how long a request is given up, sent or not (ms). */
  readonly timeoutMs: number;
  /** Most that wait for a free stream of one connection; further ones are held back at once. */
  readonly mostPending: number;
  readonly ignoresLimit?: boolean;
  /** Each connection begins with the first of its requests; otherwise they begin at different ones. */
  readonly inOrder?: boolean;
  /**
   * What is not decided (shed, refused, given up) is wanted again after so long, after twice as long where that was in vain
   * too, and so on, until so many seconds have passed.
   */
  readonly again?: { readonly afterMs: number; readonly seconds: number };
  readonly judge: (answer: Buffer) => Fate;
}

export interface StormResult {
  readonly wanted: number;
  /** What became of each in the end. */
  readonly fates: Readonly<Record<Fate, number>>;
  /** The same of the first time that each was wanted. */
  readonly atOnce: Readonly<Record<Fate, number>>;
  /** From when it was wanted this time to its answer, of allowed ones, ms, ascending. */
  readonly latencies: Float64Array;
  /** From the beginning to the last allowed one (ms). */
  readonly lastAllowedMs: number;
  /** Primary reasons of what was denied, where the answers name them. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Allowed in each second. */
  readonly perSecond: readonly number[];
  readonly connectionsLost: number;
  /** The most that were under way on one connection. */
  readonly mostOpen: number;
}

/** A request, when it was wanted this time, and how often it had been wanted before. */
interface Ask {
  readonly request: Prepared;
  readonly wanted: number;
  readonly before: number;
}

interface Open {
  readonly ask: Ask;
  readonly parts: Buffer[];
}

/** Without a decision: whoever asked may ask again. */
const undecided: ReadonlySet<Fate> = new Set(['shed', 'refused', 'timed_out', 'held_back']);

/** Receive window that is given to the server, once and again. */
const window = 64 * 1024 * 1024;

type Settle = (fate: Fate, ask: Ask, by: Connection, answer?: Buffer) => void;

class Connection {
  readonly open = new Map<number, Open>();
  readonly pending: Ask[] = [];
  readonly #o: StormOptions;
  readonly #requests: readonly Prepared[];
  readonly #address: string;
  readonly #settle: Settle;
  #socket: Socket | undefined;
  #next = 1;
  #turn = 0;
  /** HTTP/2 knows no limit before one is named (RFC 9113 section 6.5.2): were this the server's, nobody would miss its word. */
  #streams = Infinity;
  #window = 65_535;
  #read = 0;
  #out: Buffer[] = [];
  lost = false;
  mostOpen = 0;
  /** When a closed loop ends. */
  until = 0;

  constructor(o: StormOptions, index: number, settle: Settle) {
    this.#o = o;
    this.#requests = o.connections[index]?.requests ?? [];
    this.#address = o.connections[index]?.address ?? o.address;
    this.#turn = o.inOrder ? 0 : Math.floor((index * this.#requests.length) / o.connections.length);
    this.#settle = settle;
  }

  async connect(tls: ConnectionOptions | undefined): Promise<void> {
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(this.#address) ?? [];
    const to = { host, port: Number(port) };
    await new Promise<void>((resolve, reject) => {
      const socket: Socket = tls
        ? connectTls({ ...to, ALPNProtocols: ['h2'], ...tls }, resolve)
        : connectTcp({ ...to, noDelay: true }, resolve);
      this.#socket = socket;
      socket.once('error', reject);
    });
    const first = new Promise<void>((resolve) => {
      const read = createFrameReader((frame) => {
        this.#frame(frame);
        if (frame.type === frameType.settings) resolve();
      });
      this.#socket?.on('data', (piece: Buffer) => {
        read(piece);
        this.flush();
      });
    });
    this.#socket?.on('error', () => undefined);
    this.#socket?.on('close', () => this.#end());
    const mine = settings([
      [setting.headerTableSize, 0],
      [setting.initialWindowSize, window],
    ]);
    this.#socket?.write(Buffer.concat([preface, mine, windowUpdate(0, window)]));
    await first;
  }

  want(wanted: number): void {
    const request = this.#requests[this.#turn++ % this.#requests.length] as Prepared;
    this.ask({ request, wanted, before: 0 });
  }

  ask(ask: Ask): void {
    if (this.lost) this.#settle('lost', ask, this);
    else if (this.pending.length >= this.#o.mostPending) this.#settle('held_back', ask, this);
    else this.pending.push(ask);
  }

  /** Sends what may be sent now. */
  pump(): void {
    const { ignoresLimit } = this.#o;
    let sent = 0;
    for (const ask of this.pending) {
      const { request } = ask;
      if (!ignoresLimit && this.open.size >= this.#streams) break;
      if (request.window > this.#window) break;
      const stream = this.#next;
      this.#next += 2;
      const bytes = Buffer.from(request.bytes);
      for (const place of request.places) bytes.writeUInt32BE(stream, place);
      this.#window -= request.window;
      this.open.set(stream, { ask, parts: [] });
      this.#out.push(bytes);
      sent += 1;
    }
    this.pending.splice(0, sent);
    this.mostOpen = Math.max(this.mostOpen, this.open.size);
  }

  /** Gives up what was wanted before. */
  expire(before: number): void {
    for (const [stream, { ask }] of this.open) {
      if (ask.wanted > before) break;
      this.open.delete(stream);
      this.#out.push(rstStream(stream));
      this.#settle('timed_out', ask, this);
    }
    const kept = this.pending.findIndex(({ wanted }) => wanted > before);
    for (const ask of this.pending.splice(0, kept < 0 ? this.pending.length : kept))
      this.#settle('held_back', ask, this);
  }

  flush(): void {
    this.#refill();
    this.pump();
    if (this.#out.length > 0 && !this.lost) this.#socket?.write(Buffer.concat(this.#out));
    this.#out = [];
  }

  close(): void {
    this.#socket?.destroy();
  }

  /** Wants another one for each that was answered, until the end. */
  #refill(): void {
    const { perSecond } = this.#o;
    if (typeof perSecond === 'number' || performance.now() > this.until) return;
    while (!this.lost && this.open.size + this.pending.length < perSecond.parallel)
      this.want(performance.now());
  }

  #frame({ type, flags, stream, payload }: Frame): void {
    if (type === frameType.headers || type === frameType.data) {
      this.open.get(stream)?.parts.push(Buffer.from(payload));
      if (type === frameType.data) this.#took(payload.byteLength);
      if ((flags & flag.endStream) !== 0) this.#answered(stream);
    } else if (type === frameType.rstStream) {
      const open = this.open.get(stream);
      if (open) this.#settle('refused', open.ask, this);
      this.open.delete(stream);
    } else if (type === frameType.windowUpdate) {
      if (stream === 0) this.#window += payload.readUInt32BE(0);
    } else if ((flags & flag.ack) === 0 && type === frameType.settings) {
      for (let at = 0; at < payload.byteLength; at += 6) {
        if (payload.readUInt16BE(at) === setting.maxConcurrentStreams)
          this.#streams = payload.readUInt32BE(at + 2);
      }
      this.#out.push(settingsAck);
    } else if ((flags & flag.ack) === 0 && type === frameType.ping) this.#out.push(ping(true, payload));
  }

  #answered(stream: number): void {
    const open = this.open.get(stream);
    if (!open) return;
    this.open.delete(stream);
    const answer = Buffer.concat(open.parts);
    this.#settle(this.#o.judge(answer), open.ask, this, answer);
  }

  #took(bytes: number): void {
    this.#read += bytes;
    if (this.#read < window / 2) return;
    this.#out.push(windowUpdate(0, this.#read));
    this.#read = 0;
  }

  #end(): void {
    this.lost = true;
    const asks = [...this.open.values()].map(({ ask }) => ask);
    for (const ask of [...asks, ...this.pending]) this.#settle('lost', ask, this);
    this.open.clear();
    this.pending.length = 0;
  }
}

const none = (): Record<Fate, number> => ({
  ...{ allowed: 0, denied: 0, shed: 0, failed: 0, refused: 0, timed_out: 0, held_back: 0, lost: 0 },
});

/** Runs it; resolves once every request has met its fate. */
export async function storm(o: StormOptions): Promise<StormResult> {
  const [fates, atOnce] = [none(), none()];
  const reasons: Record<string, number> = {};
  const latencies: number[] = [];
  const perSecond = Array.from({ length: Math.ceil(o.seconds) }, () => 0);
  let waiting: { readonly ask: Ask; readonly by: Connection }[] = [];
  let [begun, settled, lastAllowedMs] = [0, 0, 0];
  const settle: Settle = (fate, { request, wanted, before }, by, answer) => {
    const now = performance.now();
    if (before === 0) atOnce[fate] += 1;
    if (o.again && undecided.has(fate) && now - begun < o.again.seconds * 1000) {
      waiting.push({ ask: { request, wanted: now + o.again.afterMs * 2 ** before, before: before + 1 }, by });
      return;
    }
    fates[fate] += 1;
    settled += 1;
    if (fate === 'denied' && answer) {
      const reason = reasonIn(answer);
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
    if (fate !== 'allowed') return;
    latencies.push(now - wanted);
    lastAllowedMs = now - begun;
    const second = Math.floor(lastAllowedMs / 1000);
    if (second < perSecond.length) perSecond[second] = (perSecond[second] ?? 0) + 1;
  };
  const all = o.connections.map((_, index) => new Connection(o, index, settle));
  await Promise.all(all.map((one, index) => one.connect(o.connections[index]?.tls)));
  begun = performance.now();
  for (const one of all) one.until = begun + o.seconds * 1000;
  const perMs = typeof o.perSecond === 'number' ? o.perSecond / 1000 : 0;
  let [wanted, lookAgain] = [0, 0];
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      const now = performance.now();
      const due = Math.floor(Math.min(now - begun, o.seconds * 1000) * perMs);
      // Each is wanted when its time was, however late this tick comes.
      for (; wanted < due; wanted += 1) all[wanted % all.length]?.want(begun + wanted / perMs);
      if (now >= lookAgain) {
        lookAgain = now + 100;
        const due = waiting.filter(({ ask }) => ask.wanted <= now);
        waiting = waiting.filter(({ ask }) => ask.wanted > now);
        for (const { ask, by } of due) by.ask({ ...ask, wanted: now });
      }
      for (const one of all) {
        one.expire(now - o.timeoutMs);
        one.flush();
      }
      const busy = waiting.length > 0 || all.some((one) => one.open.size + one.pending.length > 0);
      if (now - begun < o.seconds * 1000 || busy) setTimeout(tick, 1);
      else resolve();
    };
    tick();
  });
  const connectionsLost = all.filter(({ lost }) => lost).length;
  for (const one of all) one.close();
  return {
    wanted: settled,
    fates,
    atOnce,
    reasons,
    latencies: Float64Array.from(latencies).sort(),
    lastAllowedMs,
    perSecond,
    connectionsLost,
    mostOpen: Math.max(...all.map(({ mostOpen }) => mostOpen)),
  };
}

/** The value below which a share of ascending ones lies; 0 of none. */
export function percentile(ascending: Float64Array, share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? 0;
}

/** Judges a gRPC answer that holds a CheckResponse, by the reason in its metadata; one without is a gRPC error. */
export function judgeCheck(answer: Buffer): Fate {
  if (answer.includes('policy.ok')) return 'allowed';
  if (answer.includes('system.overload_shed')) return 'shed';
  return answer.includes('decision_id') ? 'denied' : 'failed';
}

/** The reason in the metadata of a CheckResponse. */
function reasonIn(answer: Buffer): string {
  const text = answer.subarray(Math.max(0, answer.lastIndexOf('reason'))).toString('latin1');
  return /[a-z]+\.[a-z_]+/.exec(text)?.[0] ?? 'none';
}

/** Judges what Envoy answers a device: by `:status`, indexed (200) or a literal with Huffman coding (RFC 7541). */
export function judgeHttp(answer: Buffer): Fate {
  const first = answer.indexOf(0x88);
  if (first >= 0 && first < 4) return 'allowed';
  const head = answer.subarray(0, 8).toString('hex');
  if (head.includes('680cff') || head.includes('343033')) return 'denied';
  if (head.includes('6c0cff') || head.includes('353033')) return 'shed';
  return 'failed';
}
