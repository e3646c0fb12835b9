import type { Tlv } from '../../../lib/der/reader.ts';
import { contextPrimitive } from '../../../lib/der/tags.ts';
import { ia5Content } from '../../../lib/der/text.ts';
import { networkText } from '../../../lib/ip-network.ts';
import { OperandError } from '../operands.ts';
import { parseUrl } from '../url.ts';
import type { RegoObject, RegoValue } from '../value.ts';
import { listOrNull, objectFrom } from './values.ts';

const kinds = {
  mail: contextPrimitive(1),
  dns: contextPrimitive(2),
  uri: contextPrimitive(6),
  ip: contextPrimitive(7),
};

/** The names that Go has fields for; undefined where there is none of them. */
export function alternativeNames(value: Tlv): Readonly<Record<string, RegoValue>> | undefined {
  const reader = value.open();
  const found = { mail: [], dns: [], uri: [], ip: [] } as Record<keyof typeof kinds, Tlv[]>;
  while (!reader.done) {
    const name = reader.next();
    for (const [kind, tag] of Object.entries(kinds))
      if (name.tag === tag) found[kind as keyof typeof kinds].push(name);
  }
  const uris = found.uri.map(({ content }) => ia5Content(content));
  if (Object.values(found).every((names) => names.length === 0)) return undefined;
  return {
    DNSNames: listOrNull(found.dns.map(({ content }) => ia5Content(content))),
    EmailAddresses: listOrNull(found.mail.map(({ content }) => ia5Content(content))),
    IPAddresses: listOrNull(found.ip.map(({ content }) => addressText(content))),
    URIs: listOrNull(uris.map(urlValue)),
    URIStrings: listOrNull(uris),
  };
}

/** The URI of a general name; undefined where it is another name. */
export function uriOf(name: Tlv): string | undefined {
  return name.tag === kinds.uri ? ia5Content(name.content) : undefined;
}

/** An address of 4 or 16 bytes. */
export function addressText(bytes: Uint8Array): string {
  const { byteLength } = bytes;
  if (byteLength !== 4 && byteLength !== 16) throw new OperandError('an address of other than 4 or 16 bytes');
  const base = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  const isMapped = byteLength === 16 && base >> 32n === 0xffffn;
  const bits = byteLength === 4 || isMapped ? 32 : 128;
  return networkText({ bits, base: isMapped ? base & 0xffffffffn : base, prefix: bits }).replace(/\/.*/, '');
}

function urlValue(text: string): RegoObject {
  const url = parseUrl(text);
  return objectFrom({
    Scheme: url.scheme,
    Opaque: url.opaque,
    User: url.user ? objectFrom({}) : null,
    Host: url.host,
    Path: url.path,
    Fragment: url.fragment,
    RawQuery: url.rawQuery,
    RawPath: url.rawPath,
    RawFragment: url.rawFragment,
    ForceQuery: url.forceQuery,
    OmitHost: url.omitHost,
  });
}
