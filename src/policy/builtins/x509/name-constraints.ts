import type { Tlv } from '../../../lib/der/reader.ts';
import { contextConstructed, contextPrimitive } from '../../../lib/der/tags.ts';
import { ia5Content } from '../../../lib/der/text.ts';
import type { RegoValue } from '../value.ts';
import { addressText } from './alternative-names.ts';
import { base64, listOrNull, objectFrom } from './values.ts';

type Fields = Readonly<Record<string, RegoValue>>;

/** Permitted and excluded names (RFC 5280 section 4.2.1.10); undefined where Go does not handle all of them. */
export function nameConstraints(value: Tlv, critical: boolean): Fields | undefined {
  const reader = value.open();
  const [permitted, excluded] = [
    reader.optional(contextConstructed(0)),
    reader.optional(contextConstructed(1)),
  ];
  reader.end();
  const [allowed, refused] = [readSubtrees(permitted), readSubtrees(excluded)];
  if (critical && (allowed.others || refused.others)) return undefined;
  return {
    PermittedDNSDomainsCritical: critical,
    ...fieldsOf('Permitted', allowed),
    ...fieldsOf('Excluded', refused),
  };
}

interface Subtrees {
  readonly dns: RegoValue[];
  readonly ip: RegoValue[];
  readonly mail: RegoValue[];
  readonly uri: RegoValue[];
  others: boolean;
}

function readSubtrees(list: Tlv | undefined): Subtrees {
  const found: Subtrees = { dns: [], ip: [], mail: [], uri: [], others: false };
  const reader = list?.open();
  while (reader && !reader.done) {
    const { tag, content } = reader.next().open().next();
    if (tag === contextPrimitive(1)) found.mail.push(ia5Content(content));
    else if (tag === contextPrimitive(2)) found.dns.push(ia5Content(content));
    else if (tag === contextPrimitive(6)) found.uri.push(ia5Content(content));
    else if (tag === contextPrimitive(7)) found.ip.push(range(content));
    else found.others = true;
  }
  return found;
}

function range(content: Uint8Array): RegoValue {
  const half = content.byteLength / 2;
  return objectFrom({ IP: addressText(content.subarray(0, half)), Mask: base64(content.subarray(half)) });
}

function fieldsOf(kind: string, { dns, ip, mail, uri }: Subtrees): Fields {
  return {
    [`${kind}DNSDomains`]: listOrNull(dns),
    [`${kind}IPRanges`]: listOrNull(ip),
    [`${kind}EmailAddresses`]: listOrNull(mail),
    [`${kind}URIDomains`]: listOrNull(uri),
  };
}
