/**
 * Byte strings as JavaScript strings. OPA's strings are bytes (`hex.decode`, `base64.decode` make any); a byte that is no
 * UTF-8 becomes the lone surrogate U+DC00 + byte, which no UTF-8 decodes to, and becomes that byte again.
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of bytes; every byte that is not part of UTF-8 (as Go decodes it) becomes a lone surrogate. */
export function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return textOfAny(bytes);
  }
}

/** The bytes of a text that `textOf` made, or of any well-formed one. */
export function bytesOf(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (!isByte(unit) || isHighSurrogate(text.charCodeAt(at - 1))) continue;
    parts.push(Buffer.from(text.slice(from, at), 'utf8'), Buffer.of(unit & 0xff));
    from = at + 1;
  }
  parts.push(Buffer.from(text.slice(from), 'utf8'));
  return Buffer.concat(parts);
}

/** The text with every byte that is no UTF-8 as U+FFFD, as JSON can have it. */
export function shownText(text: string): string {
  return text.toWellFormed();
}

/** Characters as Go's `range` over a string has them: code points, a byte that is no UTF-8 alone. */
export function runesOf(text: string): string[] {
  return [...text];
}

/** Whether a character is a byte that is no UTF-8; then the byte. */
export function loneByte(character: string): number | undefined {
  const unit = character.charCodeAt(0);
  return character.length === 1 && isByte(unit) ? unit & 0xff : undefined;
}

function isByte(unit: number): boolean {
  return unit >= 0xdc80 && unit <= 0xdcff;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function textOfAny(bytes: Uint8Array): string {
  const parts: string[] = [];
  let from = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    parts.push(strict.decode(bytes.subarray(from, at)), String.fromCharCode(0xdc00 + (bytes[at] ?? 0)));
    at += 1;
    from = at;
  }
  parts.push(strict.decode(bytes.subarray(from)));
  return parts.join('');
}

/** Bytes of the UTF-8 sequence (RFC 3629 section 4) that begins here; 0 where none does. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const [length, low, high] = followers(first);
  if (length === 0) return 0;
  const second = bytes[at + 1] ?? 0;
  if (second < low || second > high) return 0;
  for (let index = 2; index < length; index += 1) {
    if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

/** Length of a sequence by its first byte, and between what its second one lies. */
function followers(first: number): readonly [length: number, low: number, high: number] {
  if (first >= 0xc2 && first <= 0xdf) return [2, 0x80, 0xbf];
  if (first === 0xe0) return [3, 0xa0, 0xbf];
  if (first === 0xed) return [3, 0x80, 0x9f];
  if (first >= 0xe1 && first <= 0xef) return [3, 0x80, 0xbf];
  if (first === 0xf0) return [4, 0x90, 0xbf];
  if (first >= 0xf1 && first <= 0xf3) return [4, 0x80, 0xbf];
  if (first === 0xf4) return [4, 0x80, 0x8f];
  return [0, 0, 0];
}
