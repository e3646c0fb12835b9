/**
 * Bytes of unpadded base64url (RFC 4648 section 5, RFC 7515); undefined where it is not exactly that. One spelling of
 * each byte string is taken: bits after the last byte are zero, so that nobody can write one token in two ways.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

/** As `decodeBase64url`; takes base64 with its own alphabet and padding as well, in which evidence is often written. */
export function decodeAnyBase64(text: string): Buffer | undefined {
  const plain = text
    .replace(/={1,2}$/, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_');
  return decodeBase64url(plain);
}
