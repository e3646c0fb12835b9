import { networkText, parseNetwork } from '../../lib/ip-network.ts';

/** From so many characters on a text is not in another one by chance. */
const telling = 8;
/** Hexadecimal digits of a text that is looked for without what stands between them. */
const tellingDigits = 12;

/** As many of them, with a sign between two or none. */
const manyDigits = new RegExp(`(?:[0-9a-f][:. -]?){${tellingDigits}}`);

/** Texts that are hidden, found in others in whichever form these have them. */
export class ToldTexts {
  readonly #equal: ReadonlySet<string>;
  readonly #texts: readonly string[];
  /** Hexadecimal digits alone: of digests and serials, and of the bytes of other texts. */
  readonly #digits: readonly string[];
  /** Addresses and networks in the one form that all their spellings have. */
  readonly #networks: ReadonlySet<string>;

  constructor(texts: Iterable<string>) {
    const own = [...texts];
    this.#equal = new Set(own.map(fold).filter((text) => text !== ''));
    this.#texts = [...this.#equal];
    this.#digits = [...new Set(own.flatMap(digitsOf))];
    this.#networks = new Set(own.flatMap(networkOf));
  }

  /**
   * Whether a text is one of them or mentions one: in any case and normal form, with escapes (a name's, JSON's, a path's or
   * query's, one in the other), with or without signs between hexadecimal digits, or as the hexadecimal digits of its bytes,
   * as names have what has no text form; addresses in every spelling. A text with more escapes within escapes than are looked
   * at is taken for one that does.
   */
  areIn(text: string): boolean {
    if (this.#isTold(fold(text))) return true;
    if (this.#networks.size > 0 && this.#hasNetwork(text)) return true;
    const others = readings(text);
    return !others || others.some((other) => this.#isTold(fold(other)) || this.#hasNetwork(other));
  }

  #hasNetwork(text: string): boolean {
    for (const [one] of text.matchAll(networks))
      if (
        networkOf(one.replace(/[.:]+$/, (end) => (end === '::' ? end : ''))).some((it) =>
          this.#networks.has(it),
        )
      )
        return true;
    return false;
  }

  #isTold(text: string): boolean {
    if (this.#equal.has(text)) return true;
    for (const told of this.#texts) if (told.length < text.length && mentions(text, told)) return true;
    if (text.length < tellingDigits || !manyDigits.test(text)) return false;
    const digits = withoutSigns(text);
    return this.#digits.some((told) => digits.includes(told));
  }
}

/** In the form in which texts are compared: case and compatibility forms folded, no escapes, single spaces. */
function fold(text: string): string {
  const how = howPlain(text);
  if (how === 'folded') return text;
  if (how === 'plain') return text.toLowerCase();
  // Upper before lower case folds what lower case alone keeps apart.
  const folded = text.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
  return folded.replaceAll('\\', '').trim().replace(/\s+/g, ' ');
}

const [space, capitalA, capitalZ, backslash, lastPlain] = [32, 65, 90, 92, 126];

/** Of each text of each record: without regular expressions, which take several times as long. */
function howPlain(text: string): 'folded' | 'plain' | 'other' {
  let [before, isFolded] = [space, true];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < space || code > lastPlain || code === backslash || (code === space && before === space))
      return 'other';
    if (code >= capitalA && code <= capitalZ) isFolded = false;
    before = code;
  }
  if (before === space) return 'other';
  return isFolded ? 'folded' : 'plain';
}

function digitsOf(text: string): readonly string[] {
  const own = withoutSigns(fold(text));
  if (own.length >= tellingDigits && /^[0-9a-f]+$/.test(own)) return [own];
  if (text.length < telling) return [];
  const wide = Buffer.from(text, 'utf16le').swap16();
  return [Buffer.from(text).toString('hex'), wide.toString('hex')];
}

function withoutSigns(text: string): string {
  return text.replace(/[:\-. ]/g, '');
}

/** Readings that a text may have: one escape of each kind makes fifteen. */
const mostReadings = 16;

/**
 * What a text says where its escapes are undone, each kind by itself and one after the other, however deep they stand;
 * undefined where there is more than is looked at.
 */
function readings(text: string): readonly string[] | undefined {
  if (!/[%+\\]/.test(text)) return [];
  const known = new Set([text]);
  // Grows while it is gone through.
  for (const one of known)
    for (const undo of escapes) {
      known.add(undo(one));
      if (known.size > mostReadings) return undefined;
    }
  return [...known].slice(1);
}

/** None of these looks at a run of backslashes from more than its first one: that takes the square of its length. */
const escapes: readonly ((text: string) => string)[] = [
  // Of paths and queries.
  (text) => text.replace(/(?:%[0-9a-f]{2})+/gi, (quoted) => utf8Of(quoted.replaceAll('%', ''))),
  // Of queries and forms.
  (text) => text.replaceAll('+', ' '),
  // Of JSON.
  (text) =>
    text.replace(/(?<!\\)\\+u([0-9a-f]{4})/gi, (_, digits: string) =>
      String.fromCharCode(parseInt(digits, 16)),
    ),
  // Of names (RFC 4514).
  (text) => text.replace(/(?<!\\)(?:\\+[0-9a-f]{2})+/gi, (quoted) => utf8Of(quoted.replaceAll('\\', ''))),
];

function utf8Of(digits: string): string {
  return Buffer.from(digits, 'hex').toString('utf8');
}

/** What may be an address or a network, as they stand between other characters. */
const networks = /(?<![\w.:])[0-9a-f:.]{2,45}(?:\/\d{1,3})?(?![\w])/gi;

/** The one spelling of an address or a network; nothing for all else. */
function networkOf(text: string): readonly string[] {
  if (!/[.:]/.test(text)) return [];
  const found = parseNetwork(text);
  return found ? [networkText(found)] : [];
}

/** Whether a text has another one in it; a short one only as a word of its own. */
function mentions(text: string, told: string): boolean {
  for (let at = text.indexOf(told); at >= 0; at = text.indexOf(told, at + 1)) {
    if (told.length >= telling) return true;
    if (!isWordPart(text[at - 1]) && !isWordPart(text[at + told.length])) return true;
  }
  return false;
}

function isWordPart(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}
