/** Node's stream of a call. Where a version of it is shaped otherwise, it sends as it always did. */
interface Stream {
  readonly destroyed: boolean;
  once?(event: 'wantTrailers', listener: () => void): unknown;
  _final?(done: () => void): void;
}

interface NativeStream {
  /** Hands trailers to nghttp2, in a form that is Node's own; 0 where they were taken. */
  trailers: (list: unknown) => number;
}

/** The trailers of status OK as Node itself has put them together for the first answer: those of all others are the same. */
let trailersOfOk: unknown;

/**
 * Lets an answer leave in one write: headers, message and the status OK, which have been sent as far as grpc-js is concerned.
 * Node writes the status two turns of the event loop after the message, and a busy worker decides a dozen calls in a
 * turn. What is killed or stopped between the two has answered half: Envoy, to which headers have come, asks nobody else, and
 * the call fails though another worker is there. `call` is what interceptors are given.
 */
export function sendWhole(call: object): void {
  const { stream } = call as { readonly stream?: Stream };
  if (stream === undefined || stream.destroyed) return;
  const native = nativeOf(stream);
  if (native && trailersOfOk === undefined) remember(native);
  // Where nghttp2 asks for them, as it allows (nghttp2_submit_trailer), instead of a turn later; the stream is closed by then.
  else if (native)
    stream.once?.('wantTrailers', () => void (stream.destroyed || native.trailers(trailersOfOk)));
  // It would be called once the message is written; now both are there when the transport looks.
  stream._final?.(nothing);
}

/** Remembers the first trailers on their way. */
function remember(native: NativeStream): void {
  native.trailers = (list) => {
    trailersOfOk = list;
    return (Object.getPrototypeOf(native) as NativeStream).trailers.call(native, list);
  };
}

let nativeKey: symbol | undefined;

function nativeOf(stream: object): NativeStream | undefined {
  nativeKey ??= Object.getOwnPropertySymbols(stream).find(({ description }) => description === 'kHandle');
  if (nativeKey === undefined) return undefined;
  return (stream as Readonly<Record<symbol, NativeStream | undefined>>)[nativeKey];
}

const nothing = (): void => undefined;
