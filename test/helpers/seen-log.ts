import { generateKeyPairSync } from 'node:crypto';
import { parseCheckpoint, signCheckpoint } from '../../src/audit/tlog/checkpoint.ts';
import type { SignedCheckpoint } from '../../src/audit/tlog/checkpoint.ts';
import { rootOf } from '../../src/audit/tlog/frontier.ts';
import { leafHash } from '../../src/audit/tlog/hash.ts';
import type { LogFiles } from '../../src/audit/tlog/log-files.ts';
import { noteSigner } from '../../src/audit/tlog/note.ts';
import type { NoteSignature, NoteSigner, NoteVerifier } from '../../src/audit/tlog/note.ts';
import { tilesOf } from './tlog.ts';

/** A log in memory that grows, for what is said about logs from outside. */
export class SeenLog {
  readonly signer: NoteSigner;
  readonly entries: Uint8Array[] = [];
  /** Files beside the tiles; they may be changed. */
  readonly kept = new Map<string, Uint8Array>();
  /** What `countersign` was given, by size. */
  readonly countersigned: { readonly size: number; readonly signatures: readonly NoteSignature[] }[] = [];
  #tiles: ReadonlyMap<string, Uint8Array> = new Map();

  constructor(origin = 'example.org/log', signer?: NoteSigner) {
    this.signer = signer ?? noteSigner(origin, generateKeyPairSync('ed25519').privateKey);
  }

  get verifier(): NoteVerifier {
    return this.signer.verifier;
  }

  get files(): LogFiles {
    return { read: (path) => Promise.resolve(this.kept.get(path) ?? this.#tiles.get(path)) };
  }

  /** Appends entries with these texts. */
  grow(...texts: readonly string[]): this {
    this.entries.push(...texts.map((text) => Buffer.from(text)));
    this.#tiles = tilesOf(this.entries);
    return this;
  }

  /** The checkpoint over the first entries; all unless told. */
  checkpoint(size = this.entries.length): SignedCheckpoint {
    const root = rootOf(this.entries.slice(0, size).map(leafHash));
    const { name: origin } = this.signer.verifier;
    return parseCheckpoint(signCheckpoint({ origin, size, root, extensions: [] }, [this.signer]));
  }

  countersign(size: number, signatures: readonly NoteSignature[]): Promise<boolean> {
    this.countersigned.push({ size, signatures });
    return Promise.resolve(size === this.entries.length);
  }

  /** Puts lines into a file of `witness` or `anchors`, and the file on its list. */
  keep(folder: string, day: string, lines: readonly unknown[]): void {
    const name = `${day}.ndjson`;
    const list = this.kept.get(`${folder}/list.json`);
    const { files } = list
      ? (JSON.parse(Buffer.from(list).toString()) as { files: string[] })
      : { files: [] };
    if (!files.includes(name)) files.push(name);
    this.kept.set(`${folder}/list.json`, Buffer.from(JSON.stringify({ files })));
    const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
    const before = this.kept.get(`${folder}/${name}`) ?? Buffer.alloc(0);
    this.kept.set(`${folder}/${name}`, Buffer.concat([before, Buffer.from(text)]));
  }
}

/** Texts of so many entries. */
export function texts(count: number, word = 'entry'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${word} ${index}`);
}
