import { objectAt, textAt } from '../operands.ts';
import { OperandError } from '../operands.ts';
import { bytesOf, textOf } from '../text.ts';
import type { Builtin, BuiltinTable } from '../types.ts';
import type { RegoValue } from '../value.ts';
import { decodeVerify } from './decode-verify.ts';
import { algorithms, readKeys } from './keys.ts';
import { decodeBase64Url, jsonObject, readHeader, readToken } from './token.ts';
import { hmacHolds, verifies } from './verify.ts';

/** JSON Web Tokens (RFC 7519) in the compact form of signed ones (RFC 7515). */
export const jwtBuiltins: BuiltinTable = {
  'io.jwt.decode': (args) => decode(textAt(args, 0)),
  'io.jwt.decode_verify': (args, moment) => decodeVerify(textAt(args, 0), objectAt(args, 1), moment),
  ...Object.fromEntries(
    [...algorithms].map((alg): [string, Builtin] => [
      `io.jwt.verify_${alg.toLowerCase()}`,
      alg.startsWith('HS')
        ? (args) => verifyShared(textAt(args, 0), textAt(args, 1), `sha${alg.slice(2)}`)
        : (args) => verifySigned(textAt(args, 0), textAt(args, 1), alg),
    ]),
  ),
};

/** `[header, payload, signature in hex]`, verified by nobody; of a token in a token the inner one. */
function decode(text: string, nested = 0): RegoValue {
  if (nested > 16) throw new OperandError('tokens nested too deeply');
  const token = readToken(text);
  const payload = decodeBase64Url(token.payload);
  if (token.header.get('cty') === 'JWT')
    return decode(textOf(payload).replace(/^["']+|["']+$/g, ''), nested + 1);
  return [token.header, jsonObject(payload), decodeBase64Url(token.signature).toString('hex')];
}

function verifySigned(text: string, keyText: string, alg: string): boolean {
  const token = readToken(text);
  const keys = readKeys(keyText);
  const signature = decodeBase64Url(token.signature);
  const header = readHeader(token.header);
  const named = header.kid === '' ? undefined : keys.find(({ kid }) => kid === header.kid);
  if (named) return verifies(named, alg, token.signed, signature, true);
  return keys.some(
    (key) => (key.alg === '' || key.alg === header.alg) && verifies(key, alg, token.signed, signature, true),
  );
}

/** The header is not looked at. */
function verifyShared(text: string, secret: string, hash: string): boolean {
  const parts = text.split('.');
  const [header = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3) throw new OperandError('a token of other than three parts');
  return hmacHolds(hash, bytesOf(secret), bytesOf(`${header}.${payload}`), decodeBase64Url(signature));
}
