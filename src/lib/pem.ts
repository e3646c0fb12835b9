import { PortreeveError } from './errors.ts';

const boundary = /^-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----[ \t]*$/;
const base64Line = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Decodes every `label` block of a PEM text (RFC 7468; text outside blocks is ignored, as in bundles with comments).
 * Blocks of another label, blocks that are not closed, headers within a block and base64 that is not canonical throw
 * PDP_INPUT_MALFORMED; more than `max` blocks throw PDP_LIMIT_EXCEEDED. No block at all answers an empty list.
 */
export function decodePem(text: string, label: string, max: number): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  let open: string[] | undefined;
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const mark = boundary.exec(line);
    if (mark === null) {
      if (line.startsWith('-----')) throw malformed('broken boundary', index);
      open?.push(checkedLine(line, index));
      continue;
    }
    if (mark[2] !== label) throw malformed(`block "${mark[2]}" where "${label}" is expected`, index);
    if ((mark[1] === 'BEGIN') === (open !== undefined)) throw malformed('BEGIN and END do not pair', index);
    if (open === undefined) {
      if (blocks.length === max)
        throw new PortreeveError('PDP_LIMIT_EXCEEDED', `more than ${max} PEM blocks`);
      open = [];
    } else {
      blocks.push(decodeBody(open.join(''), index));
      open = undefined;
    }
  }
  if (open !== undefined) throw new PortreeveError('PDP_INPUT_MALFORMED', 'PEM block is cut off');
  return blocks;
}

/**
 * Whether a file is PEM rather than DER: it has a boundary and does not start as a SEQUENCE of 128 bytes or more does,
 * which every certificate and CRL is and no text can be.
 */
export function looksLikePem(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80) return false;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('-----BEGIN ');
}

function checkedLine(line: string, index: number): string {
  const trimmed = line.trim();
  if (!base64Line.test(trimmed)) throw malformed('something other than base64', index);
  return trimmed;
}

/** Node's decoder skips what it does not understand; encoding again shows whether it skipped anything. */
function decodeBody(base64: string, index: number): Uint8Array {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== base64)
    throw malformed('base64 not canonical', index);
  return bytes;
}

function malformed(problem: string, index: number): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `PEM: ${problem} in line ${index + 1}`);
}
