import { Metadata, status } from '@grpc/grpc-js';
import type { ServerInterceptingCallInterface, ServerInterceptor } from '@grpc/grpc-js';
import { outliveTimeout } from './call-internals.ts';
import { sendWhole } from './whole-answer.ts';

type Intercepted = ServerInterceptingCallInterface;
type Listener = Parameters<Intercepted['start']>[0];

/** A gRPC status other than OK. */
export interface CallFailure {
  readonly code: number;
  readonly details: string;
}

/** What a unary method gets of a call. */
export interface UnaryCall {
  /** The message as it came, without its frame. */
  readonly request: Buffer;
  readonly metadata: Metadata;
  /** Whether the caller has given it up. */
  readonly cancelled: boolean;
  getDeadline(): ReturnType<Intercepted['getDeadline']>;
  getAuthContext(): ReturnType<Intercepted['getAuthContext']>;
}

/** Answers a call by the bytes of a message, or by a status. Must not throw. */
export type UnaryHandler = (
  call: UnaryCall,
  answer: (failure: CallFailure | null, bytes?: Buffer) => void,
) => void;

/**
 * Hands calls of these methods, by path, straight from the transport to their handlers. As the library hands unary calls
 * on, each has a stream of its own to write to, which a single message has no use for and which keeps all that belongs to
 * the call from being collected while it is young: a quarter of what a call costs. Statuses are the library's. The deadline
 * of such a call is its handler's business (`outliveTimeout`); other methods are left to the library.
 */
export function answerDirectly(handlers: ReadonlyMap<string, UnaryHandler>): ServerInterceptor {
  return ({ path }, call) => {
    const handler = handlers.get(path);
    if (handler !== undefined) outliveTimeout(call);
    const mine = handler === undefined ? call : new DirectCall(call, handler);
    // The library's type says a class of its own, where anything shaped like a call will do.
    return mine as ReturnType<ServerInterceptor>;
  };
}

const nothing = (): void => undefined;

/** One call: for the library what it hands on, for the transport who listens, for the handler what it is asked. */
class DirectCall implements Intercepted, Listener, UnaryCall {
  metadata = new Metadata();
  cancelled = false;
  /** The transport's own; its name is the library's, so that what is read of its calls is read of this one too. */
  readonly call: Intercepted;
  readonly #handler: UnaryHandler;
  #request: Buffer | undefined;

  constructor(call: Intercepted, handler: UnaryHandler) {
    this.call = call;
    this.#handler = handler;
  }

  get request(): Buffer {
    return this.#request ?? Buffer.alloc(0);
  }

  /** Whoever would listen is the library's way of handing the call on, in whose place this is. */
  start(): void {
    this.call.start(this);
  }

  onReceiveMetadata(metadata: Metadata): void {
    this.metadata = metadata;
    this.call.startRead();
  }

  onReceiveMessage(message: Buffer): void {
    if (this.#request !== undefined) return this.#end(status.UNIMPLEMENTED, 'a second request message');
    this.#request = message;
    this.call.startRead();
  }

  onReceiveHalfClose(): void {
    if (this.#request === undefined) return this.#end(status.UNIMPLEMENTED, 'no request message');
    try {
      this.#handler(this, (failure, bytes) => {
        if (failure !== null) return this.#end(failure.code, failure.details);
        this.call.sendMessage(bytes, nothing);
        this.#end(status.OK, 'OK');
        sendWhole(this.call);
      });
    } catch {
      this.#end(status.UNKNOWN, 'unknown error');
    }
  }

  onCancel(): void {
    this.cancelled = true;
  }

  #end(code: number, details: string): void {
    this.call.sendStatus({ code, details, metadata: null });
  }

  getDeadline(): ReturnType<Intercepted['getDeadline']> {
    return this.call.getDeadline();
  }

  getAuthContext(): ReturnType<Intercepted['getAuthContext']> {
    return this.call.getAuthContext();
  }

  sendMetadata(metadata: Metadata): void {
    this.call.sendMetadata(metadata);
  }

  sendMessage(message: unknown, callback: () => void): void {
    this.call.sendMessage(message, callback);
  }

  sendStatus(of: Parameters<Intercepted['sendStatus']>[0]): void {
    this.call.sendStatus(of);
  }

  startRead(): void {
    this.call.startRead();
  }

  getPeer(): string {
    return this.call.getPeer();
  }

  getHost(): string {
    return this.call.getHost();
  }

  getConnectionInfo(): ReturnType<Intercepted['getConnectionInfo']> {
    return this.call.getConnectionInfo();
  }

  getMetricsRecorder(): ReturnType<Intercepted['getMetricsRecorder']> {
    return this.call.getMetricsRecorder();
  }
}
