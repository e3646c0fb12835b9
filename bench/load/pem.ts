/** DER of the first block of a PEM text. */
export function fromPem(pem: string): Buffer {
  const body = /-----BEGIN [^-]+-----([^-]+)-----END/.exec(pem)?.[1];
  if (body === undefined) throw new Error('no PEM block');
  return Buffer.from(body, 'base64');
}
