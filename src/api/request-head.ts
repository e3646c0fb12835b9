/** What a request asks for. */
export interface RequestHead {
  readonly method: string;
  /** As it was sent, with its query; of an absolute one (`http://host/path`) what a request to that host would say. */
  readonly target: string;
}

/** Most bytes of a request's line and headers. */
const mostBytes = 8 * 1024;

const endOfHead = '\r\n\r\n';
/** With the first half of its end. */
const requestLine = /^([A-Z]{1,16}) ([\x21-\x7e]{1,2048}) HTTP\/1\.[01]\r$/;
/** What an absolute target has before its path (RFC 9112, 3.2.2). */
const origin = /^https?:\/\/[^/?#]+/i;

const code = { lf: 0x0a, cr: 0x0d, a: 0x41, z: 0x5a } as const;

/**
 * Reads a request of HTTP/1.0 or 1.1 from the pieces that its connection brings, up to the end of its headers, which are
 * not looked at. Give it one piece after the other until it answers something else than `partial`; what comes after the
 * head is not kept. What cannot become a request is malformed as soon as that shows: who speaks TLS, or ends lines as no
 * HTTP does, waits for an answer and sends no more. Empty lines before the request are skipped (RFC 9112, 2.2).
 */
export function createHeadReader(): (piece: Buffer) => RequestHead | 'partial' | 'malformed' | 'too large' {
  let held: Buffer = Buffer.alloc(0);
  let line: RequestLine | undefined;
  return (piece) => {
    // The end may begin with the piece before.
    const looked = held.byteLength - endOfHead.length + 1;
    const room = mostBytes - held.byteLength;
    held = held.byteLength === 0 ? piece.subarray(0, room) : Buffer.concat([held, piece.subarray(0, room)]);
    if (line === undefined) {
      const read = readLine(held);
      if (read === 'malformed') return read;
      if (read !== 'partial') line = read;
    }
    if (line !== undefined && held.indexOf(endOfHead, Math.max(line.end, looked), 'latin1') !== -1)
      return line.head;
    return held.byteLength < mostBytes ? 'partial' : 'too large';
  };
}

interface RequestLine {
  readonly head: RequestHead;
  /** Where the line break behind it begins. */
  readonly end: number;
}

/** The request's line at the begin of what was held, behind empty lines. */
function readLine(held: Buffer): RequestLine | 'partial' | 'malformed' {
  let begin = 0;
  while (held[begin] === code.cr && held[begin + 1] === code.lf) begin += 2;
  const first = held[begin];
  if (first === undefined || (first === code.cr && begin + 1 === held.byteLength)) return 'partial';
  if (first < code.a || first > code.z) return 'malformed';
  const lf = held.indexOf(code.lf, begin);
  if (lf === -1) return 'partial';
  const [, method, target] = requestLine.exec(held.toString('latin1', begin, lf)) ?? [];
  if (method === undefined || target === undefined) return 'malformed';
  return { head: { method, target: withoutOrigin(target) }, end: lf - 1 };
}

function withoutOrigin(target: string): string {
  const rest = target.replace(origin, '');
  return rest === target || rest.startsWith('/') ? rest : `/${rest}`;
}
