import { limits } from '../../context/limits.ts';
import type { Pep, RawConnection } from '../../context/types.ts';
import type { KnownNames } from '../known-names.ts';
import { WireCursor } from '../wire-cursor.ts';
import { assemble, noParts, socketText } from './check-parts.ts';
import type { CheckParts } from './check-parts.ts';

/**
 * What `decodeCheck` makes of a CheckRequest, straight from its bytes: no more is made than what counts, and of headers
 * only those with one of `names`. For requests as proxies usually send them: each singular message once, header names in
 * lower case, no raw headers, no metadata, addresses of sockets. Undefined for every other one, and for whatever is to be
 * refused: the library reads those, and it alone says what is no such message.
 */
export function readCheck(
  bytes: Buffer,
  pep: Pep,
  traceparent: string | undefined,
  names: KnownNames,
): RawConnection | undefined {
  const cursor = new WireCursor(bytes);
  const parts = noParts();
  const seen = readRequest(cursor, bytes.length, parts, names);
  return seen !== 0 && cursor.usual ? assemble(parts, pep, traceparent) : undefined;
}

/*
 * One function a message of our protos. Cases are tags, `number << 3 | wire type`: 2 for texts, bytes, maps and messages,
 * 0 for numbers. What does not count is passed over where it cannot be wrong in itself; where it could, it is read.
 */

/** CheckRequest; answers which messages were there. */
function readRequest(cursor: WireCursor, end: number, parts: CheckParts, names: KnownNames): number {
  let seen = 0;
  while (cursor.more(end)) {
    const tag = cursor.tag();
    if (tag === 0x0a) {
      seen = cursor.once(seen, tag);
      readAttributes(cursor, cursor.part(end), parts, names);
    } else cursor.skipNewer(tag, 1, end);
  }
  return seen;
}

/** AttributeContext. */
function readAttributes(cursor: WireCursor, end: number, parts: CheckParts, names: KnownNames): void {
  let seen = 0;
  while (cursor.more(end)) {
    const tag = cursor.tag();
    if (tag !== 0x52) seen = cursor.once(seen, tag);
    switch (tag) {
      case 0x0a: {
        const source = readPeer(cursor, cursor.part(end));
        parts.sourceIp = source.address;
        parts.certificate = source.certificate;
        break;
      }
      case 0x12: {
        const { address, port, labels } = readPeer(cursor, cursor.part(end));
        if (address !== undefined) parts.destination = socketText(address, port);
        parts.labels = labels;
        break;
      }
      case 0x22:
        readInnerRequest(cursor, cursor.part(end), parts, names);
        break;
      case 0x52:
        parts.contextExtensions = readEntry(cursor, cursor.part(end), parts.contextExtensions);
        break;
      // Metadata, that of the route too: Envoy always sends both, mostly empty.
      case 0x5a:
      case 0x6a:
        if (cursor.more(cursor.part(end))) cursor.leave();
        break;
      case 0x62:
        parts.sni = readTls(cursor, cursor.part(end));
        break;
      default:
        cursor.skipNewer(tag, 13, end);
    }
  }
}

interface Peer {
  address: string | undefined;
  port: number | undefined;
  labels: Map<string, string> | undefined;
  certificate: string | undefined;
}

/** AttributeContext.Peer: address, service, labels, principal, certificate. */
function readPeer(cursor: WireCursor, end: number): Peer {
  const peer: Peer = { address: undefined, port: undefined, labels: undefined, certificate: undefined };
  let seen = 0;
  while (cursor.more(end)) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x0a:
        seen = cursor.once(seen, tag);
        readAddress(cursor, cursor.part(end), peer);
        break;
      case 0x1a:
        peer.labels = readEntry(cursor, cursor.part(end), peer.labels);
        break;
      case 0x2a:
        peer.certificate = cursor.text(end);
        break;
      case 0x12:
      case 0x22:
        cursor.skip(tag, end);
        break;
      default:
        cursor.skipNewer(tag, 5, end);
    }
  }
  return peer;
}

/** Address, of a socket. */
function readAddress(cursor: WireCursor, end: number, peer: Peer): void {
  let seen = 0;
  while (cursor.more(end)) {
    const tag = cursor.tag();
    if (tag === 0x0a) {
      seen = cursor.once(seen, tag);
      readSocketAddress(cursor, cursor.part(end), peer);
    } else cursor.skipNewer(tag, 3, end);
  }
}

/** SocketAddress: protocol, address, port_value, resolver_name, ipv4_compat. */
function readSocketAddress(cursor: WireCursor, end: number, peer: Peer): void {
  while (cursor.more(end)) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x12:
        peer.address = cursor.text(end);
        break;
      case 0x18:
        peer.port = cursor.number(end);
        break;
      case 0x08:
      case 0x30:
        cursor.number(end);
        break;
      case 0x2a:
        cursor.skip(tag, end);
        break;
      default:
        cursor.skipNewer(tag, 6, end);
    }
  }
}

/** AttributeContext.Request. */
function readInnerRequest(cursor: WireCursor, end: number, parts: CheckParts, names: KnownNames): void {
  let seen = 0;
  while (cursor.more(end)) {
    const tag = cursor.tag();
    seen = cursor.once(seen, tag);
    switch (tag) {
      case 0x0a:
        readTime(cursor, cursor.part(end));
        break;
      case 0x12:
        readHttp(cursor, cursor.part(end), parts, names);
        break;
      default:
        cursor.skipNewer(tag, 2, end);
    }
  }
}

/** Timestamp. */
function readTime(cursor: WireCursor, end: number): void {
  while (cursor.more(end)) {
    const tag = cursor.tag();
    if (tag === 0x08) cursor.skip(tag, end);
    else if (tag === 0x10) cursor.number(end);
    else cursor.skipNewer(tag, 2, end);
  }
}

/** AttributeContext.HttpRequest. */
function readHttp(cursor: WireCursor, end: number, parts: CheckParts, names: KnownNames): void {
  const headers = new Map<string, string>();
  let count = 0;
  parts.http = true;
  parts.headers = headers;
  while (cursor.more(end)) {
    const tag = cursor.tag();
    switch (tag) {
      case 0x0a:
        parts.httpId = cursor.text(end);
        break;
      case 0x12:
        parts.method = cursor.text(end);
        break;
      case 0x1a:
        count += 1;
        readHeader(cursor, cursor.part(end), headers, names);
        break;
      case 0x22:
        parts.path = cursor.text(end);
        break;
      case 0x2a:
        parts.host = cursor.text(end);
        break;
      case 0x52:
        parts.httpProtocol = cursor.text(end);
        break;
      // Scheme, query, fragment, size, body and raw body.
      case 0x32:
      case 0x3a:
      case 0x42:
      case 0x48:
      case 0x5a:
      case 0x62:
        cursor.skip(tag, end);
        break;
      default:
        cursor.skipNewer(tag, 13, end);
    }
  }
  if (count > limits.headers) cursor.leave();
}

/** Adds a header if its name is one of those that are asked for, else sees to its lengths alone. */
function readHeader(cursor: WireCursor, end: number, headers: Map<string, string>, names: KnownNames): void {
  if (cursor.tag() !== 0x0a) cursor.leave();
  const name = cursor.name(names, limits.idText, end);
  if (cursor.tag() !== 0x12) cursor.leave();
  if (name === undefined) cursor.skipText(limits.valueText, end);
  else headers.set(name, cursor.text(end));
  if (cursor.more(end)) cursor.leave();
}

/** AttributeContext.TLSSession. */
function readTls(cursor: WireCursor, end: number): string | undefined {
  let sni: string | undefined;
  while (cursor.more(end)) {
    const tag = cursor.tag();
    if (tag === 0x0a) sni = cursor.text(end);
    else cursor.skipNewer(tag, 1, end);
  }
  return sni;
}

/** Adds an entry of a map: key and value, empty where they are missing. */
function readEntry(cursor: WireCursor, end: number, map = new Map<string, string>()): Map<string, string> {
  let key = '';
  let value = '';
  while (cursor.more(end)) {
    const tag = cursor.tag();
    if (tag === 0x0a) key = cursor.text(end);
    else if (tag === 0x12) value = cursor.text(end);
    else cursor.leave();
  }
  map.set(key, value);
  return map;
}
