/** What a request asks for. */
export interface RequestHead {
  readonly method: string;
  /** As it was sent, with its query. */
  readonly target: string;
}

/** Most bytes of a request's line and headers. */
const mostBytes = 8 * 1024;

const endOfHead = '\r\n\r\n';
const requestLine = /^([A-Z]{1,16}) ([\x21-\x7e]{1,2048}) HTTP\/1\.[01]$/;

/**
 * Reads a request of HTTP/1.0 or 1.1 from the pieces that its connection brings, up to the end of its headers, which are
 * not looked at. Give it one piece after the other until it answers something else than `partial`; what comes after the
 * head is not kept.
 */
export function createHeadReader(): (piece: Buffer) => RequestHead | 'partial' | 'malformed' | 'too large' {
  let held: Buffer = Buffer.alloc(0);
  return (piece) => {
    // The end may begin with the piece before.
    const from = Math.max(0, held.byteLength - endOfHead.length + 1);
    const room = mostBytes - held.byteLength;
    held = held.byteLength === 0 ? piece.subarray(0, room) : Buffer.concat([held, piece.subarray(0, room)]);
    const end = held.indexOf(endOfHead, from, 'latin1');
    if (end === -1) return held.byteLength < mostBytes ? 'partial' : 'too large';
    const line = held.toString('latin1', 0, held.indexOf('\r\n'));
    const [, method, target] = requestLine.exec(line) ?? [];
    return method === undefined || target === undefined ? 'malformed' : { method, target };
  };
}
