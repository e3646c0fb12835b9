import { createHash } from 'node:crypto';
import { numberOf } from './number.ts';
import { intAt, textAt } from './operands.ts';
import type { BuiltinTable, PolicyMoment } from './types.ts';
import { parseUuid } from './uuid-parse.ts';
import { writeValue } from './write-value.ts';

/**
 * Random identifiers and numbers. They derive from the decision's id and the arguments: the same within one decision, as
 * OPA has it, others in every other, and again the same in a replay.
 */
export const chanceBuiltins: BuiltinTable = {
  'uuid.rfc4122': ([key = null], moment) => uuidOf(drawn(moment, 'uuid', writeValue(key))),
  'uuid.parse': (args) => parseUuid(textAt(args, 0)),
  'rand.intn': (args, moment) => {
    const name = textAt(args, 0);
    const given = intAt(args, 1);
    const range = given < 0n ? -given : given;
    if (range === 0n) return numberOf(0);
    // 256 bits over at most 63: what is uneven about it is beyond any measure.
    return numberOf(BigInt(`0x${drawn(moment, 'intn', `${name}-${range}`).toString('hex')}`) % range);
  },
};

function drawn({ decisionId }: PolicyMoment, what: string, key: string): Buffer {
  return createHash('sha256').update(`${what}\0${decisionId}\0${key}`).digest();
}

/** 16 bytes as a UUID of version 4 (RFC 9562 section 5.4). */
function uuidOf(bytes: Buffer): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
