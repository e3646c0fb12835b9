import { PortreeveError } from './errors.ts';

/** A piece of a block's contents; `block` counts the blocks of the text from 0. */
export interface PemPiece {
  readonly block: number;
  readonly bytes: Uint8Array;
}

const boundary = /^-----(BEGIN|END) ([A-Z0-9 ]{1,64})-----[ \t]*$/;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** Characters of a line that are held before what is known of it is used: more than any boundary has. */
const heldCharacters = 4096;

/**
 * Decodes the `label` blocks of a PEM text from chunks, by the same rules as `decodePem`, holding no more of a line than
 * it must. Throws PDP_INPUT_MALFORMED and PDP_LIMIT_EXCEEDED as that does, and whatever the source throws; a block that
 * is refused may have given pieces before.
 */
export async function* decodePemStream(
  chunks: AsyncIterable<Uint8Array>,
  label: string,
  max: number,
): AsyncGenerator<PemPiece, void> {
  const decoder = new PemDecoder(label, max);
  for await (const chunk of chunks) yield* decoder.push(latin1(chunk));
  yield* decoder.end();
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

class PemDecoder {
  readonly #label: string;
  readonly #max: number;
  /** What is known of the line that has not ended. */
  #line = '';
  /** The front of the line was used already: it is no boundary. */
  #inLine = false;
  #number = 1;
  #afterReturn = false;
  #blocks = 0;
  #body: Base64Body | undefined;
  /** Text of the open block that is not decoded yet; the first of it is of line `#firstOfText`. */
  #text: string[] = [];
  #firstOfText = 1;

  constructor(label: string, max: number) {
    this.#label = label;
    this.#max = max;
  }

  *push(text: string): Generator<PemPiece, void> {
    let from = 0;
    for (const found of text.matchAll(/[\r\n]/g)) {
      this.#line += text.slice(from, found.index);
      from = found.index + 1;
      const isSecondOfPair = found[0] === '\n' && this.#afterReturn && this.#line === '' && !this.#inLine;
      this.#afterReturn = found[0] === '\r';
      if (isSecondOfPair) continue;
      yield* this.#endLine();
      this.#number += 1;
    }
    if (from < text.length) this.#afterReturn = false;
    this.#line += text.slice(from);
    if (this.#line.length > heldCharacters) this.#useFront();
    yield* this.#decode();
  }

  *end(): Generator<PemPiece, void> {
    yield* this.#endLine();
    yield* this.#decode();
    if (this.#body) throw new PortreeveError('PDP_INPUT_MALFORMED', 'PEM block is cut off');
  }

  *#endLine(): Generator<PemPiece, void> {
    const line = this.#line;
    const isRest = this.#inLine;
    this.#line = '';
    this.#inLine = false;
    if (!isRest && line.startsWith('-----')) {
      yield* this.#decode();
      const mark = boundary.exec(line);
      if (mark === null) throw this.#malformed('broken boundary');
      this.#mark(mark[1] === 'BEGIN', mark[2] as string);
    } else if (this.#body) {
      this.#add(isRest ? line.trimEnd() : line.trim());
    }
  }

  /** Uses the front of a long line. White space at its end is held: it may be the end of the line, which is ignored. */
  #useFront(): void {
    if (!this.#inLine && this.#line.startsWith('-----')) {
      this.#line = withOneBlank(this.#line);
      if (this.#line.length > heldCharacters) throw this.#malformed('broken boundary');
      return;
    }
    const text = this.#inLine ? this.#line : this.#line.trimStart();
    const front = text.trimEnd();
    // One character of white space tells of all of it, should more follow.
    this.#line = text.length > front.length || front === '' ? ' ' : '';
    if (front === '') return;
    if (this.#body) this.#add(front);
    this.#inLine = true;
  }

  #add(text: string): void {
    if (this.#text.length === 0) this.#firstOfText = this.#number;
    this.#text.push(text);
  }

  *#decode(): Generator<PemPiece, void> {
    const lines = this.#text;
    if (lines.length === 0) return;
    this.#text = [];
    const text = lines.join('');
    if (!base64.test(text)) {
      const broken = lines.findIndex((line) => !base64.test(line));
      if (broken < 0) throw this.#malformed('base64 not canonical');
      throw malformed('something other than base64', this.#firstOfText + broken);
    }
    const bytes = this.#body?.push(text);
    if (bytes === undefined) throw this.#malformed('base64 not canonical');
    if (bytes.byteLength > 0) yield { block: this.#blocks - 1, bytes };
  }

  #mark(begins: boolean, label: string): void {
    if (label !== this.#label) throw this.#malformed(`block "${label}" where "${this.#label}" is expected`);
    if (begins === (this.#body !== undefined)) throw this.#malformed('BEGIN and END do not pair');
    if (begins) {
      if (this.#blocks === this.#max)
        throw new PortreeveError('PDP_LIMIT_EXCEEDED', `more than ${this.#max} PEM blocks`);
      this.#blocks += 1;
      this.#body = new Base64Body();
      return;
    }
    if (this.#body?.whole !== true) throw this.#malformed('base64 not canonical');
    this.#body = undefined;
  }

  #malformed(problem: string): PortreeveError {
    return malformed(problem, this.#number);
  }
}

/** A boundary may have blanks behind it, however many; one tells of them, should more than blanks follow. */
function withOneBlank(line: string): string {
  let end = line.length;
  while (line[end - 1] === ' ' || line[end - 1] === '\t') end -= 1;
  return end < line.length ? `${line.slice(0, end)} ` : line;
}

function malformed(problem: string, line: number): PortreeveError {
  return new PortreeveError('PDP_INPUT_MALFORMED', `PEM: ${problem} in line ${line}`);
}

/** Canonical base64 (RFC 4648 section 3.5) in parts: groups of four characters, padding only at the end, no stray bits. */
class Base64Body {
  /** Up to three characters of a group that is not complete. */
  #rest = '';
  #padded = false;
  #any = false;

  /** The octets of all groups that are complete by now; undefined where it is not canonical. */
  push(text: string): Uint8Array | undefined {
    if (text === '') return Buffer.alloc(0);
    if (this.#padded) return undefined;
    const all = this.#rest + text;
    const groups = all.slice(0, all.length - (all.length % 4));
    this.#rest = all.slice(groups.length);
    if (groups === '') return Buffer.alloc(0);
    const bytes = Buffer.from(groups, 'base64');
    this.#padded = groups.endsWith('=');
    this.#any = true;
    // Only the last group can have padding and bits that mean nothing: encoding it again shows both.
    const expected = (groups.length / 4) * 3 - (groups.endsWith('==') ? 2 : groups.endsWith('=') ? 1 : 0);
    if (bytes.length !== expected) return undefined;
    const last = Buffer.from(groups.slice(-4), 'base64').toString('base64');
    return last === groups.slice(-4) ? bytes : undefined;
  }

  /** Whether something was there, and it ends with a complete group. */
  get whole(): boolean {
    return this.#any && this.#rest === '';
  }
}
