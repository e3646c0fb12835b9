import { LRUCache } from 'lru-cache';
import { parseCertificate } from '../../identity/parse.ts';
import { readingCost, readingLimit, unreadableCost } from '../../identity/reading-cost.ts';
import type { Certificate } from '../../identity/types.ts';
import { Budget } from '../../lib/budget.ts';
import { describeThrown } from '../../lib/errors.ts';
import { decodePem } from '../../lib/pem.ts';

/** The intermediates that came with a leaf, as far as they are read. */
export interface Bundle {
  readonly read: readonly Certificate[];
  /** What could not be read, numbered by text from 0. */
  readonly problems: readonly string[];
  /** More came than is read. */
  readonly unread: boolean;
}

/** One block of a text: a certificate, or why it is none, and what finding out counted. */
interface Piece {
  readonly certificate?: Certificate;
  readonly problem?: string;
  readonly cost: number;
}

/** Characters of intermediates that are looked at for one leaf. */
const mostCharacters = 1024 * 1024;
const mostBlocks = 10_000;

/**
 * Reads intermediates, which anybody may send along, up to `readingLimit`. What was read for an earlier leaf counts like
 * what is new, so that no answer hangs on what came before. Keeps up to `keptCharacters` of them.
 */
export class BundleReader {
  readonly #texts: LRUCache<string, readonly Piece[]>;
  readonly #bundles: LRUCache<string, Bundle>;

  constructor(keptCharacters: number) {
    this.#texts = cache(keptCharacters);
    this.#bundles = cache(keptCharacters);
  }

  /** The same texts are answered with the same certificates, of which path validation keeps what it finds. */
  read(texts: readonly string[]): Bundle {
    const { within, cut } = withinCharacters(texts);
    const key = JSON.stringify([cut, ...within]);
    const known = this.#bundles.get(key);
    if (known !== undefined) return known;
    const bundle = this.#readAll(within, cut);
    this.#bundles.set(key, bundle);
    return bundle;
  }

  #readAll(texts: readonly string[], cut: boolean): Bundle {
    const budget = new Budget(readingLimit);
    const read: Certificate[] = [];
    const problems: string[] = [];
    for (const [index, text] of texts.entries()) {
      for (const { certificate, problem, cost } of this.#pieces(text)) {
        if (!budget.spend(cost)) return { read, problems, unread: true };
        if (certificate !== undefined) read.push(certificate);
        if (problem !== undefined) problems.push(`intermediate ${index}: ${problem}`);
      }
    }
    return { read, problems, unread: cut };
  }

  /** A text is kept once it was read to its end. */
  *#pieces(text: string): Generator<Piece> {
    const known = this.#texts.get(text);
    if (known !== undefined) return yield* known;
    const pieces: Piece[] = [];
    for (const piece of piecesOf(text)) {
      pieces.push(piece);
      yield piece;
    }
    this.#texts.set(text, pieces);
  }
}

function cache<T extends object>(keptCharacters: number): LRUCache<string, T> {
  return new LRUCache({ maxSize: keptCharacters, sizeCalculation: (_, text) => text.length + 1 });
}

/** The certificates of one PEM text or of one file, each read when it is asked for. */
function* piecesOf(text: string): Generator<Piece> {
  let blocks: readonly Uint8Array[];
  try {
    blocks = decodePem(text, 'CERTIFICATE', mostBlocks);
  } catch (thrown) {
    yield { problem: describeThrown(thrown), cost: unreadableCost(0) };
    return;
  }
  if (blocks.length === 0) yield { problem: 'no CERTIFICATE block', cost: unreadableCost(0) };
  for (const der of blocks) yield readPiece(der);
}

function readPiece(der: Uint8Array): Piece {
  try {
    const certificate = parseCertificate(der);
    return { certificate, cost: readingCost(certificate) };
  } catch (thrown) {
    return { problem: describeThrown(thrown), cost: unreadableCost(der.byteLength) };
  }
}

const endOfBlock = '-----END CERTIFICATE-----';

/** As many texts as are not too long together, and of the next one the blocks that fit. */
function withinCharacters(texts: readonly string[]): {
  readonly within: readonly string[];
  readonly cut: boolean;
} {
  let left = mostCharacters;
  for (const [index, text] of texts.entries()) {
    if (text.length <= left) {
      left -= text.length;
      continue;
    }
    const end = left < endOfBlock.length ? -1 : text.lastIndexOf(endOfBlock, left - endOfBlock.length);
    const part = end < 0 ? [] : [text.slice(0, end + endOfBlock.length)];
    return { within: [...texts.slice(0, index), ...part], cut: true };
  }
  return { within: texts, cut: false };
}
