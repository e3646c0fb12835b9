import { limits } from '../../context/limits.ts';
import { checkText } from '../../context/text.ts';
import { PortreeveError } from '../../lib/errors.ts';
import { networkText, parseNetwork } from '../../lib/ip-network.ts';
import type { HoldKind } from './types.ts';

/**
 * The form in which a hold's value is compared: digests lower-case hex without colons (64 digits; of firmware 64, 96 or
 * 128), a network as CIDR without bits beyond its prefix, all else as it is. Throws PDP_USAGE saying what is wrong.
 */
export function holdValue(kind: HoldKind, text: string): string {
  switch (kind) {
    case 'certificate':
    case 'key':
    case 'issuer':
      return digest(kind, text, [64]);
    case 'firmware':
      return digest(kind, text, [64, 96, 128]);
    case 'network':
      return network(text);
    case 'device':
    case 'class':
    case 'gateway':
      if (checkText(kind, text, limits.idText)) {
        throw unfit(kind, text, `must be 1 to ${limits.idText} characters without control characters`);
      }
      return text;
  }
}

function digest(kind: HoldKind, text: string, lengths: readonly number[]): string {
  const hex = text.replaceAll(':', '').toLowerCase();
  if (/^[0-9a-f]+$/.test(hex) && lengths.includes(hex.length)) return hex;
  throw unfit(kind, text, `must be ${lengths.join(', ')} hex digits`);
}

function network(text: string): string {
  const parsed = parseNetwork(text);
  if (parsed) return networkText(parsed);
  throw unfit('network', text, 'must be a network such as 10.1.0.0/16 or 2001:db8::/32');
}

function unfit(kind: HoldKind, text: string, problem: string): PortreeveError {
  return new PortreeveError('PDP_USAGE', `${kind} ${JSON.stringify(text.slice(0, 300))} ${problem}`);
}
