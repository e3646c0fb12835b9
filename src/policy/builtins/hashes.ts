import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { textAt } from './operands.ts';
import { bytesOf } from './text.ts';
import type { Builtin, BuiltinTable } from './types.ts';

/** Digests of strings' bytes, in lower-case hex. */
export const hashBuiltins: BuiltinTable = {
  'crypto.md5': digest('md5'),
  'crypto.sha1': digest('sha1'),
  'crypto.sha256': digest('sha256'),
  'crypto.hmac.md5': hmac('md5'),
  'crypto.hmac.sha1': hmac('sha1'),
  'crypto.hmac.sha256': hmac('sha256'),
  'crypto.hmac.sha512': hmac('sha512'),
  'crypto.hmac.equal': (args) => {
    const [left, right] = [bytesOf(textAt(args, 0)), bytesOf(textAt(args, 1))];
    return left.length === right.length && timingSafeEqual(left, right);
  },
};

function digest(algorithm: string): Builtin {
  return (args) =>
    createHash(algorithm)
      .update(bytesOf(textAt(args, 0)))
      .digest('hex');
}

function hmac(algorithm: string): Builtin {
  return (args) =>
    createHmac(algorithm, bytesOf(textAt(args, 1)))
      .update(bytesOf(textAt(args, 0)))
      .digest('hex');
}
