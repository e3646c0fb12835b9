#!/usr/bin/env node
/*
 * Verifies an export of a Portreeve log, or the log itself. One file, no packages: needs Node.js 18 or newer and nothing
 * else, and reads nothing but the folder that it is given.
 *
 *   node verify.mjs [FOLDER] [--key VKEY]... [--witness VKEY]... [--checkpoint FILE] [--json]
 *
 * FOLDER      the unpacked export; the folder of this file unless given
 * --key       a key of the log that you have from elsewhere; without one the log speaks for itself alone
 * --witness   a witness's key; its cosignature on the checkpoint is then checked
 * --checkpoint  a checkpoint of the log that you hold: the log must continue it
 *
 * Exit code 0: verified. 1: not what was signed; every line that begins with WRONG says what and where. 2: wrong usage, or
 * a file that cannot be read.
 *
 * What is checked, and by which public specification:
 *   signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint), Ed25519;
 *   tiles and bundles of entries (c2sp.org/tlog-tiles), hashed as RFC 6962 section 2.1 has it;
 *   cosignatures (c2sp.org/tlog-cosignature);
 *   keys/log.json: each key signed by the one before it; records: written as RFC 8785 has it, their order in time, and what
 *   they say of gaps.
 */
import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WIDTH = 256; // hashes in a tile, entries in a bundle
const HASH = 32; // bytes of SHA-256
const MOST_DISORDER_MS = 60_000; // records that were made at once may stand in any order
const BEATS_MISSED = 3; // heartbeats that may be missing before it counts as silence
const MOST_TOLD = 100;
const MOST_DEPTH = 256; // levels of lists and objects in a record
const ODD = 'odd';
const LATEST_S = 253_402_300_799n; // 9999-12-31T23:59:59Z: no later time can be written

// ---- What is found -------------------------------------------------------------------------------------------------

const wrong = [];
const remarks = [];
let untold = 0;
const add = (to, code, entry, message) =>
  to.length < MOST_TOLD ? void to.push({ code, entry, message }) : void (untold += 1);
const fail = (code, entry, message) => add(wrong, code, entry, message);
const remark = (code, entry, message) => add(remarks, code, entry, message);
const told = () => wrong.length + remarks.length + untold;
const span = (first, last) => (first === last ? `entry ${first}` : `entries ${first} to ${last}`);

// ---- Files ---------------------------------------------------------------------------------------------------------

let folder = '';
const absent = ['ENOENT', 'ENOTDIR', 'EISDIR']; // a folder in the place of a file, or the other way round, too
const asked = (work, otherwise) => {
  try {
    return work();
  } catch (error) {
    if (absent.includes(error.code)) return otherwise;
    throw error;
  }
};
const read = (path) => asked(() => readFileSync(join(folder, path)), undefined);
const list = (path) => asked(() => readdirSync(join(folder, path)).sort(), []);

/** `tile/0/x001/x234/067.p/8`: numbers in groups of three digits, the width of a tile that is not full at the end. */
function tilePath(level, index, width) {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  return `tile/${level}/${groups.join('/')}${width === WIDTH ? '' : `.p/${width}`}`;
}

const hashesAt = (level, size) => Math.floor(size / WIDTH ** level);
const widthAt = (level, index, size) => Math.max(0, Math.min(WIDTH, hashesAt(level, size) - index * WIDTH));

/** The hashes of a tile, or { code, message }. A log may have removed a tile that is not full for the full one. */
function readTile(level, index, width) {
  const name = tilePath(level, index, width);
  const bytes =
    read(name) ??
    (width < WIDTH ? read(tilePath(level, index, WIDTH))?.subarray(0, width * HASH) : undefined);
  if (bytes === undefined) return { code: 'tile.missing', message: `${name} is not there` };
  if (bytes.length !== width * HASH)
    return {
      code: 'tile.malformed',
      message: `${name} has ${bytes.length} bytes instead of ${width * HASH}`,
    };
  return bytes;
}

/** The entries of a bundle: each has its length before it, 16 bits, big-endian. */
function readBundle(index, width) {
  let bytes = read(tilePath('entries', index, width));
  const cut = bytes === undefined && width < WIDTH;
  if (cut) bytes = read(tilePath('entries', index, WIDTH));
  if (bytes === undefined) return undefined;
  const entries = [];
  let at = 0;
  while (at < bytes.length && entries.length < (cut ? width : 2 * WIDTH)) {
    const end = at + 2 <= bytes.length ? at + 2 + bytes.readUInt16BE(at) : Infinity;
    if (end > bytes.length) break;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  const torn = at < bytes.length && !(cut && entries.length === width);
  return { entries, torn, leaves: Buffer.concat(entries.map(leafHash)) };
}

// ---- Hashes: RFC 6962 section 2.1 ----------------------------------------------------------------------------------

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const leafHash = (entry) => sha256(Buffer.of(0), entry);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);
const hashAt = (row, place) => row.subarray(place * HASH, (place + 1) * HASH);

/** The root over a power of two of hashes. */
function wholeRoot(row) {
  let hashes = Array.from({ length: row.length / HASH }, (_, place) => hashAt(row, place));
  while (hashes.length > 1)
    hashes = Array.from({ length: hashes.length / 2 }, (_, pair) =>
      nodeHash(hashes[2 * pair], hashes[2 * pair + 1]),
    );
  return hashes[0];
}

/** The roots of the largest whole subtrees over fewer than 256 hashes, the largest first. */
function peaksOf(row) {
  const peaks = [];
  let from = 0;
  for (let width = WIDTH / 2; width >= 1; width /= 2) {
    if (((row.length / HASH) & width) === 0) continue;
    peaks.push(wholeRoot(row.subarray(from * HASH, (from + width) * HASH)));
    from += width;
  }
  return peaks;
}

function foldPeaks(peaks) {
  if (peaks.length === 0) return sha256();
  return peaks.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), peaks[peaks.length - 1]);
}

/** The tree as it is worked out again: from level 1 on all hashes behind entry `from`, and those that a tree needs before. */
class Tree {
  constructor(from, edge) {
    this.size = from;
    this.end = Buffer.alloc(0); // hashes of the entries behind the last full bundle
    this.rows = edge.map((held, place) => {
      const hashes = hashesAt(place + 1, from);
      return {
        base: hashes - (hashes % WIDTH),
        hashes: Array.from({ length: held.length / HASH }, (_, at) => hashAt(held, at)),
      };
    });
  }

  push(leaves) {
    this.size += leaves.length / HASH;
    if (leaves.length === WIDTH * HASH) this.pushHash(0, wholeRoot(leaves));
    else this.end = leaves;
  }

  pushWhole(root) {
    this.size += WIDTH;
    this.pushHash(0, root);
  }

  pushHash(place, root) {
    const row = (this.rows[place] ??= { base: 0, hashes: [] });
    row.hashes.push(root);
    const end = row.base + row.hashes.length;
    if (end % WIDTH === 0) this.pushHash(place + 1, wholeRoot(this.slice(place + 1, end - WIDTH, end)));
  }

  slice(level, from, to) {
    const row = this.rows[level - 1];
    return row ? Buffer.concat(row.hashes.slice(from - row.base, to - row.base)) : Buffer.alloc(0);
  }

  rootAt(size, end) {
    const peaks = [];
    for (let level = this.rows.length; level >= 1; level -= 1) {
      const to = hashesAt(level, size);
      peaks.push(...peaksOf(this.slice(level, to - (to % WIDTH), to)));
    }
    return foldPeaks([...peaks, ...peaksOf(end)]);
  }

  root() {
    return this.rootAt(this.size, this.end);
  }
}

// ---- Keys and checkpoints ------------------------------------------------------------------------------------------

function base64(text) {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined;
}

/** `name+keyid+base64(type, key)`; the id is the first four bytes of SHA-256 over name, line feed, type and key. */
function parseKey(text) {
  const found = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim());
  const data = found && base64(found[3]);
  if (!data || data.length !== 33 || (data[0] !== 1 && data[0] !== 4)) return undefined;
  const id = sha256(Buffer.from(`${found[1]}\n`), data).subarray(0, 4);
  if (id.toString('hex') !== found[2]) return undefined;
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), data.subarray(1)]);
  return {
    text: text.trim(),
    name: found[1],
    id,
    type: data[0],
    key: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
  };
}

/** A signed note: a text, an empty line, lines of signature. */
function parseNote(bytes) {
  const all = bytes.toString('utf8');
  const split = all.lastIndexOf('\n\n');
  if (split < 0 || !Buffer.from(all).equals(bytes) || !all.endsWith('\n')) return undefined;
  if (!/^[^\p{Cc}]*$/u.test(all.replaceAll('\n', ''))) return undefined;
  const signatures = [];
  for (const line of all.slice(split + 2, -1).split('\n')) {
    const found = /^\u2014 ([^\s+]+) (\S+)$/.exec(line);
    const data = found && base64(found[2]);
    if (!data || data.length < 5) return undefined;
    signatures.push({ name: found[1], id: data.subarray(0, 4), data: data.subarray(4) });
  }
  return { text: all.slice(0, split + 1), signatures };
}

/** Each signature that says it is the key's own must be right. */
const isSignedBy = (note, { name, id, key }) => {
  const own = note.signatures.filter((one) => one.name === name && one.id.equals(id));
  return own.length > 0 && own.every(({ data }) => verifySignature(null, Buffer.from(note.text), key, data));
};

/** Origin, number of entries, root hash. */
function parseCheckpoint(bytes) {
  const note = parseNote(bytes);
  if (!note) return undefined;
  const [origin, size, root, ...more] = note.text.slice(0, -1).split('\n');
  const hash = root === undefined ? undefined : base64(root);
  if (!origin || !/^(0|[1-9]\d{0,15})$/.test(size ?? '') || hash?.length !== HASH || more.includes(''))
    return undefined;
  return Number.isSafeInteger(Number(size)) ? { note, origin, size: Number(size), root: hash } : undefined;
}

/**
 * The keys that count: those given, and each that one of them named as its successor; else the log's own list. `vouched`
 * are not those that came before a given one: their checkpoints can accuse the log, and nothing is believed by them.
 */
function readKeys(given) {
  let entries = [];
  const bytes = read('keys/log.json');
  try {
    if (bytes)
      entries = JSON.parse(bytes.toString('utf8')).keys.map((one) => ({ ...one, parsed: parseKey(one.key) }));
  } catch {
    fail('key.list', null, 'keys/log.json is no list of keys');
  }
  const known = entries.filter(({ key, parsed }) => {
    if (!parsed) fail('key.list', null, `keys/log.json has a key that is none: ${key}`);
    return parsed;
  });
  // Size up to which the key before has signed that it counts alone; undefined where it has not named this one.
  const successions = known.map(({ key, succession }, place) => {
    const note = place > 0 && succession && parseNote(Buffer.from(succession));
    if (!note) return undefined;
    const [what, next, size, time, ...more] = note.text.split('\n');
    const isOne =
      what === 'portreeve log key' &&
      next === key &&
      time !== undefined &&
      more.length === 1 &&
      more[0] === '';
    return isOne && /^\d{1,15}$/.test(size) && isSignedBy(note, known[place - 1].parsed)
      ? Number(size)
      : undefined;
  });
  const begin =
    given.length === 0
      ? 0
      : known.map(({ parsed }) => given.some(({ text }) => text === parsed.text)).lastIndexOf(true);
  const strangers = given.filter(({ text }) => !known.some(({ parsed }) => parsed.text === text));
  if (known.length > 0)
    for (const { text } of strangers)
      fail('key.unknown', null, `the log was never signed with the key ${text}`);
  const broken = successions.findIndex((one, place) => one === undefined && place > Math.max(0, begin));
  if (broken >= 0)
    fail(
      'key.succession',
      null,
      `the key ${known[broken].key} took over without the signature of ${known[broken - 1].key}`,
    );
  if (given.length === 0 && known.length === 0)
    fail('key.list', null, 'no key was given, and the log has none');
  else if (given.length === 0)
    remark(
      'keys.own',
      null,
      'no key was given: the keys are those that lie in the log, and whoever replaces all of it replaces them too',
    );
  const trusted = begin < 0 ? [] : known.slice(0, broken < 0 ? known.length : broken);
  return [
    ...trusted.map(({ parsed, until }, place) => ({
      ...parsed,
      until: (place + 1 < trusted.length ? successions[place + 1] : undefined) ?? until?.size ?? null,
      vouched: place >= begin,
    })),
    ...strangers.map((key) => ({ ...key, until: null, vouched: true })),
  ];
}

/** A checkpoint that a key signed which counts at its size; undefined, and told, for any other. */
function signedCheckpoint(bytes, keys, name) {
  const checkpoint = parseCheckpoint(bytes);
  if (!checkpoint)
    return void fail(
      'checkpoint.malformed',
      null,
      `the checkpoint${name} is damaged: it is no signed tree head`,
    );
  const { origin, size, note } = checkpoint;
  if (
    keys.some(
      (key) => key.name === origin && (key.until === null || size <= key.until) && isSignedBy(note, key),
    )
  )
    return checkpoint;
  const known = keys.map(({ text }) => text.slice(0, text.lastIndexOf('+'))).join(', ');
  return void fail(
    'key.wrong',
    null,
    `the checkpoint${name} of ${origin} at ${size} is not signed by a key that counts there (${known || 'none'})`,
  );
}

// ---- Entries and tiles ---------------------------------------------------------------------------------------------

/** The first entry whose bundle is there; what an export or the log's retention has left out is before it. */
function firstThere(size) {
  const count = Math.ceil(size / WIDTH);
  const isThere = (index) => {
    const width = widthAt(0, index, size);
    return (
      read(tilePath('entries', index, width)) !== undefined ||
      read(tilePath('entries', index, WIDTH)) !== undefined
    );
  };
  if (count === 0 || isThere(0)) return 0;
  let [low, high] = [1, count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isThere(middle)) high = middle;
    else low = middle + 1;
  }
  return Math.min(low * WIDTH, size - (size % WIDTH));
}

/** Of every level from `level` on the hashes behind the last full tile before entry `at`. */
function edgeAt(level, at, size) {
  const edge = [];
  for (; hashesAt(level, at) > 0; level += 1) {
    const [index, width] = [Math.floor(hashesAt(level, at) / WIDTH), hashesAt(level, at) % WIDTH];
    const tile = width === 0 ? Buffer.alloc(0) : readTile(level, index, widthAt(level, index, size));
    if (!Buffer.isBuffer(tile)) return tile;
    edge.push(tile.subarray(0, width * HASH));
  }
  return edge;
}

/** Hashes every entry and holds the hashes against the tiles; the tree goes on with what the tile above agrees with. */
function scan(size, from, edge, wanted, onEntries) {
  const tree = new Tree(from, edge);
  const [roots, suspects] = [new Map(), []];
  let otherEnd;
  for (let index = from / WIDTH; index * WIDTH < size; index += 1) {
    const width = widthAt(0, index, size);
    const [bundle, tile] = [readBundle(index, width), readTile(0, index, width)];
    const own = bundle && bundle.entries.length === width && !bundle.torn ? bundle.leaves : undefined;
    let leaves = own;
    if (own && Buffer.isBuffer(tile) && own.equals(tile)) {
      tree.push(own);
      onEntries(index * WIDTH, bundle.entries);
    } else {
      const above =
        width === WIDTH
          ? readTile(1, Math.floor(index / WIDTH), widthAt(1, Math.floor(index / WIDTH), size))
          : undefined;
      const over = Buffer.isBuffer(above) ? hashAt(above, index % WIDTH) : undefined;
      let believed = over ? 'above' : 'nothing';
      if (own && over && wholeRoot(own).equals(over)) believed = 'entries';
      else if (Buffer.isBuffer(tile)) believed = 'tile';
      else if (own) believed = 'entries';
      leaves = believed === 'entries' ? own : believed === 'tile' ? tile : undefined;
      suspects.push({ index, believed });
      if (believed === 'above') tree.pushWhole(over);
      else tree.push(leaves ?? Buffer.alloc(width * HASH));
      if (width < WIDTH && own && believed === 'tile') otherEnd = own;
    }
    for (const at of wanted) {
      const within = at - index * WIDTH;
      if (leaves && within > 0 && within < width)
        roots.set(at, tree.rootAt(at, leaves.subarray(0, within * HASH)));
    }
  }
  for (const at of wanted) {
    if (at === size) roots.set(at, tree.root());
    else if (at % WIDTH === 0) roots.set(at, tree.rootAt(at, Buffer.alloc(0)));
  }
  return { tree, roots, suspects, otherEnd };
}

/** `sound`: the hashes lead to the signed root. `placed`: it is told which entries are others. `other`: they just are. */
function checkTree({ size, root }, { tree, suspects, otherEnd }) {
  let sound = tree.root().equals(root);
  let entriesEnd = false;
  if (!sound && otherEnd) {
    const tile = tree.end;
    tree.end = otherEnd;
    entriesEnd = sound = tree.root().equals(root);
    if (!sound) tree.end = tile;
  }
  if (!sound && descend({ size, root }, tree, suspects)) return 'placed';
  let shift = 0;
  for (const { index, believed } of suspects) {
    const atEnd = entriesEnd && (index + 1) * WIDTH > size;
    shift = tellSuspect(size, index, atEnd ? 'entries' : believed, shift);
  }
  if (!sound) return 'other';
  for (let level = 1; hashesAt(level, size) > 0; level += 1) {
    const { base } = tree.rows[level - 1];
    for (let index = base / WIDTH; index * WIDTH < hashesAt(level, size); index += 1) {
      const width = widthAt(level, index, size);
      const tile = readTile(level, index, width);
      if (!Buffer.isBuffer(tile)) fail(tile.code, null, tile.message);
      else tellTile(tile, tree.slice(level, index * WIDTH, index * WIDTH + width), level, index, width);
    }
  }
  return 'sound';
}

function firstDifference(a, b) {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return Math.floor(at / HASH);
}

function tellTile(tile, right, level, index, width) {
  if (tile.equals(right)) return;
  const place = index * WIDTH + firstDifference(tile, right);
  const first = place * WIDTH ** level;
  const what = span(first, first + WIDTH ** level - 1);
  fail(
    'tile.changed',
    first,
    `${tilePath(level, index, width)} was changed: what it has for ${what} is not the hash over them`,
  );
}

function tellSuspect(size, index, believed, shift) {
  const width = widthAt(0, index, size);
  const [first, last] = [index * WIDTH, index * WIDTH + width - 1];
  const [bundle, tile] = [readBundle(index, width), readTile(0, index, width)];
  const path = tilePath('entries', index, width);
  if (!Buffer.isBuffer(tile)) fail(tile.code, first, tile.message);
  if (bundle === undefined) {
    fail('entry.missing', first, `${span(first, last)} are missing: ${path} is not there`);
    return shift;
  }
  if (believed === 'entries') {
    if (!Buffer.isBuffer(tile)) return shift;
    const entry = first + firstDifference(bundle.leaves, tile);
    fail(
      'tile.changed',
      entry,
      `${tilePath(0, index, width)} was changed: what it has for entry ${entry} is not its hash`,
    );
    return shift;
  }
  if (bundle.torn) {
    const entry = first + bundle.entries.length;
    fail('entry.torn', entry, `${path} ends within entry ${entry}`);
    if (Buffer.isBuffer(tile) && tile.subarray(0, bundle.leaves.length).equals(bundle.leaves)) return shift;
  }
  if (!Buffer.isBuffer(tile)) {
    fail('entry.changed', first, `${span(first, last)} are not what was signed`);
    return shift;
  }
  const before = told();
  const after = tellDifferences(bundle.leaves, tile, first, shift);
  if (told() === before && shift === 0 && !bundle.torn)
    fail('entry.changed', first, `${span(first, last)} are not what was signed`);
  return after;
}

/** How the entries of a bundle differ from what was signed; `shift`: by how much those before had moved up. */
function tellDifferences(found, signed, first, shift) {
  const [is, was] = [distinct(found), distinct(signed)];
  const at = new Map(was.map((hash, place) => [hash, place]));
  const there = new Set(is);
  let last = is.length - 1;
  while (last >= 0 && !at.has(is[last])) last -= 1;
  const after = last < 0 ? shift : at.get(is[last]) - last;
  const removed = [];
  was.forEach((hash, place) => {
    if (!there.has(hash) && place >= shift && !(after < 0 && place >= is.length + after)) removed.push(place);
  });
  const added = [];
  is.forEach((hash, place) => {
    if (!at.has(hash) && place >= -shift && !(after > 0 && place + after >= was.length)) added.push(place);
  });
  const changed = removed.filter((place) => added.includes(place));
  for (const [from, to] of runs(changed, first))
    fail(
      'entry.changed',
      from,
      `${span(from, to)} ${from === to ? 'was changed: it is' : 'were changed: they are'} not what was signed`,
    );
  for (const [from, to] of runs(
    removed.filter((place) => !changed.includes(place)),
    first,
  ))
    fail('entry.removed', from, `${span(from, to)} ${from === to ? 'was' : 'were'} removed`);
  for (const [from, to] of runs(
    added.filter((place) => !changed.includes(place)),
    first,
  ))
    fail(
      'entry.added',
      from,
      `${from === to ? 'an entry was' : `${to - from + 1} entries were`} added at ${from}`,
    );
  const kept = is.filter((hash) => at.has(hash)).map((hash) => at.get(hash));
  const moved = kept.filter((place, index) =>
    kept.some((other, o) => (o < index ? other > place : o > index && other < place)),
  );
  if (moved.length > 0) {
    const [from, to] = [first + Math.min(...moved), first + Math.max(...moved)];
    fail('entry.reordered', from, `entries ${from} to ${to} stand in another order than was signed`);
  }
  return after;
}

/** Hashes as texts that differ from each other: the second of the same is another one. */
function distinct(row) {
  const times = new Map();
  return Array.from({ length: row.length / HASH }, (_, place) => {
    const hash = hashAt(row, place).toString('hex');
    times.set(hash, (times.get(hash) ?? 0) + 1);
    return `${hash}/${times.get(hash)}`;
  });
}

function runs(places, first) {
  const found = [];
  for (const place of places) {
    const last = found[found.length - 1];
    if (last && last[1] === first + place - 1) last[1] = first + place;
    else found.push([first + place, first + place]);
  }
  return found;
}

/** From the tiles at the right edge, which the root vouches for, down to the lowest that it still vouches for. */
function descend({ size, root }, tree, suspects) {
  const edge = edgeAt(0, size, size);
  if (!Array.isArray(edge) || !foldPeaks([...edge].reverse().flatMap(peaksOf)).equals(root)) return false;
  const before = told();
  const compare = (level, first, right) => {
    const row = tree.rows[level - 1];
    for (let place = 0; place * HASH < right.length; place += 1) {
      const at = first + place;
      if (!row || at < row.base || at >= row.base + row.hashes.length) continue;
      if (!tree.slice(level, at, at + 1).equals(hashAt(right, place)))
        goBelow(level - 1, at, hashAt(right, place));
    }
  };
  const goBelow = (level, index, over) => {
    const tile = readTile(level, index, WIDTH);
    const isRight = Buffer.isBuffer(tile) && wholeRoot(tile).equals(over);
    if (isRight && level > 0) return compare(level, index * WIDTH, tile);
    if (isRight) return void tellSuspect(size, index, 'tile', 0);
    const first = index * WIDTH ** (level + 1);
    const what = span(first, first + WIDTH ** (level + 1) - 1);
    fail('entry.changed', first, `${what} are not what was signed, nor are the hashes over them`);
  };
  for (let level = edge.length - 1; level >= 1; level -= 1)
    compare(level, hashesAt(level, size) - edge[level].length / HASH, edge[level]);
  const last = Math.floor(size / WIDTH);
  if (size % WIDTH !== 0 && suspects.some(({ index }) => index === last)) tellSuspect(size, last, 'tile', 0);
  return told() > before;
}

// ---- Earlier checkpoints -------------------------------------------------------------------------------------------

const HELD = 'that you hold';

function checkHistory(current, earlier, roots, rootBefore, state) {
  let [agreed, differs] = [0, undefined];
  const unread = [];
  for (const { checkpoint, name } of earlier) {
    const { size, root, origin } = checkpoint;
    if (origin !== current.origin) {
      fail('history.forked', null, `the checkpoint ${name} is of another log, ${origin}`);
      continue;
    }
    if (size > current.size) {
      const problem = `the checkpoint ${name} covers ${size}: at least ${size - current.size} were cut off`;
      fail('history.truncated', current.size, `the log ends at ${current.size} entries, and ${problem}`);
      continue;
    }
    const own = roots.get(size) ?? rootBefore(size);
    if (!Buffer.isBuffer(own)) {
      unread.push({ name, size, ...own });
    } else if (own.equals(root)) {
      agreed = Math.max(agreed, size);
    } else {
      differs = Math.min(differs ?? size, size);
      if (state === 'sound')
        fail(
          'history.forked',
          agreed,
          `the log is not the one that the checkpoint ${name} was signed for: of its ${size} entries some from ${agreed} on are others (history was rewritten, or forked)`,
        );
    }
  }
  tellUnread(unread);
  if (state !== 'other') return;
  const until = Math.min(differs ?? current.size, current.size);
  fail(
    'root.differs',
    agreed,
    `the entries are not those that the checkpoint at ${current.size} was signed for: they differ between entry ${agreed} and entry ${until - 1}`,
  );
}

/** Nothing is verified by a checkpoint of yours that cannot be compared; of those that the log keeps that is a remark. */
function tellUnread(unread) {
  for (const { name, size, lacking, isDamaged } of unread) {
    if (name !== HELD) continue;
    const takes = lacking.join(' and ');
    const how = isDamaged
      ? `${takes} is not as it was`
      : `it takes ${takes}, gone with older entries: ask the operator for a copy (hashes alone), or for an export with this checkpoint`;
    fail(
      'history.uncompared',
      null,
      `nothing shows that the log continues the checkpoint ${name} (${size} entries): ${how}`,
    );
  }
  const gone = unread.filter(({ name, isDamaged }) => name !== HELD && !isDamaged);
  if (gone.length === 0) return;
  const last = gone[gone.length - 1];
  const most = `the checkpoint ${last.name} (${last.size} entries)`;
  const what = gone.length === 1 ? most : `${gone.length} earlier checkpoints, the last of them ${most},`;
  remark('log.unread', null, `${what} cannot be compared: tiles of that time are gone`);
}

/**
 * Answers roots of trees that end before what was read, or the tiles that these take: of every level one, held against the
 * one above it, up to the hashes that were worked out. Damage is told once.
 */
function rootsBefore(tree, all, from) {
  const toldOf = new Set();
  const tell = ({ level, index, path }, code, message) => {
    if (toldOf.has(path)) return;
    toldOf.add(path);
    fail(code, index * WIDTH ** (level + 1), message);
  };
  return (size) => {
    if (size === 0) return foldPeaks([]);
    const place = (level) => Math.floor(hashesAt(level, size) / WIDTH);
    // Read, and told of there.
    if (size >= from) return { lacking: [tilePath(0, place(0), widthAt(0, place(0), all))], isDamaged: true };
    let level = 0;
    while (hashesAt(level, size) % WIDTH === 0) level += 1;
    const tiles = [];
    for (; level === 0 || place(level) * WIDTH < tree.rows[level - 1].base; level += 1) {
      const tile = { level, index: place(level), path: tilePath(level, place(level), WIDTH) };
      const found = readTile(level, tile.index, WIDTH);
      if (Buffer.isBuffer(found)) tile.hashes = found;
      // What is before the first entry that is there may be gone; what is there is to be as it was.
      else if (found.code !== 'tile.missing') tell(tile, found.code, found.message);
      tiles.push(tile);
    }
    const isDamaged = tiles.some(({ path }) => toldOf.has(path));
    const lacking = tiles.filter(({ hashes }) => !hashes).map(({ path }) => path);
    if (lacking.length > 0) return { lacking, isDamaged };
    for (let at = tiles.length - 1; at >= 0; at -= 1) {
      const { index, path, hashes } = tiles[at];
      const above = tiles[at + 1]?.hashes;
      const over = above ? hashAt(above, index % WIDTH) : tree.slice(tiles[at].level + 1, index, index + 1);
      if (wholeRoot(hashes).equals(over)) continue;
      tell(tiles[at], 'tile.changed', `${path} was changed: the hash over it is another one`);
      return { lacking: [path], isDamaged: true };
    }
    const peaks = [];
    for (let at = tree.rows.length; at >= 0; at -= 1) {
      const [end, width] = [hashesAt(at, size), hashesAt(at, size) % WIDTH];
      const tile = tiles.find((one) => one.level === at);
      if (width > 0)
        peaks.push(
          ...peaksOf(tile ? tile.hashes.subarray(0, width * HASH) : tree.slice(at, end - width, end)),
        );
    }
    return foldPeaks(peaks);
  };
}

// ---- Records -------------------------------------------------------------------------------------------------------

const timely = new Set(['start', 'stop', 'heartbeat', 'merged', 'worker_started', 'worker_ended']);
const seen = { decisions: 0, others: 0, prunedBelow: 0, whole: true, next: undefined };
let [latest, latestEntry, strayed, beatMs, stopped] = [undefined, 0, undefined, undefined, true];
let [firstTime, lastTime] = [undefined, undefined];
const iso = (at) => new Date(Math.min(at, Number(LATEST_S) * 1000 + 999)).toISOString();
/** Numbers of records count and are told where they are whole ones that a double holds: others have no one spelling. */
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;

function duration(ms) {
  if (ms < 1000) return `${ms}ms`;
  const parts = [];
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ]) {
    if (ms >= size) parts.push(`${Math.floor(ms / size)}${unit}`);
    ms %= size;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

function readRecords(first, entries) {
  seen.whole = seen.next === undefined || seen.next === first;
  seen.next = first + entries.length;
  entries.forEach((bytes, place) => readRecord(first + place, bytes));
}

/** RFC 3339, in milliseconds; NaN for what is no time. */
function millis(text) {
  const found = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|([+-])(\d\d):(\d\d))$/.exec(
    text,
  );
  if (!found) return NaN;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  if (at.getUTCMonth() !== month - 1 || hour > 23 || minute > 59 || second > 59) return NaN;
  at.setUTCHours(hour, minute, second, found[7] ? Math.floor(Number(`0${found[7]}`) * 1000) : 0);
  const [zoneHours, zoneMinutes] = [Number(found[10] ?? 0), Number(found[11] ?? 0)];
  if (zoneHours > 23 || zoneMinutes > 59) return NaN;
  return at.getTime() - (found[9] === '-' ? -1 : 1) * (zoneHours * 60 + zoneMinutes) * 60_000;
}

/** Whether brackets outside of texts are nested deeper than those of any record: some parsers go no deeper. */
function isTooDeep(bytes) {
  let depth = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === 0x22) {
      for (at += 1; at < bytes.length && bytes[at] !== 0x22; at += 1) if (bytes[at] === 0x5c) at += 1;
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > MOST_DEPTH) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return false;
}

/** A value as RFC 8785 writes it: members by their names' UTF-16 code units, no blanks, texts and numbers as ECMAScript. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

/** The escapes that RFC 8785 has: no character but quotation mark, backslash and control characters is escaped. */
const escapes = /\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f]))/g;
const isCanonical = (text, value) =>
  canonical(value) === text && !(text.includes('\\u') && text.replace(escapes, '').includes('\\'));

/**
 * A record, which is one line of JSON with a time; undefined for what no reader of logs takes for one; ODD for what they may
 * read in different ways, as it is not written as records are.
 */
function recordIn(bytes) {
  if (bytes.includes(10)) return undefined;
  if (isTooDeep(bytes)) return ODD;
  try {
    const text = bytes.toString('utf8');
    const record = JSON.parse(text);
    const isObject = typeof record === 'object' && record !== null && !Array.isArray(record);
    if (!isObject || typeof record.time !== 'string' || Number.isNaN(millis(record.time))) return undefined;
    if (record.kind === 'merged' && !Array.isArray(record.groups)) return undefined;
    // What is no UTF-8 was read with other characters in its place.
    return Buffer.from(text).equals(bytes) && isCanonical(text, record) ? record : ODD;
  } catch {
    return undefined;
  }
}

function readRecord(entry, bytes) {
  const record = recordIn(bytes);
  if (record === undefined)
    return fail('entry.unreadable', entry, `entry ${entry} is no record: no reader shows it`);
  if (record === ODD) {
    const problem = `entry ${entry} is not written as records are (RFC 8785): readers may differ over it`;
    return fail('entry.form', entry, problem);
  }
  const isDecision = record.kind === 'decision';
  seen[isDecision ? 'decisions' : 'others'] += 1;
  if (isDecision || timely.has(record.act) || timely.has(record.kind))
    checkTime(entry, millis(record.time), record);
  if (isDecision) {
    stopped = false; // a server that decides has not stopped, whatever it said before
    return;
  }
  const { act, detail } = record;
  if (act === 'start') stopped = false;
  if (act === 'stop') stopped = true;
  if (record.kind === 'heartbeat') {
    stopped = record.next_s === 0; // the last one of a server that ends announces none
    if (isCount(record.next_s) && record.next_s > 0) beatMs = record.next_s * 1000;
    const lost = record.records?.lost;
    if (isCount(lost) && lost > 0)
      remark('log.gap', entry, `${lost} records before entry ${entry} were lost: its heartbeat says so`);
  }
  if (act === 'log_gap') {
    const most = isCount(detail?.at_most_ms) ? ` of at most ${duration(detail.at_most_ms)}` : '';
    remark('log.gap', entry, `records${most} before entry ${entry} may be missing: the log says so itself`);
  }
  if (act === 'log_pruned' && isCount(detail?.minimum_index))
    seen.prunedBelow = Math.max(seen.prunedBelow, detail.minimum_index);
}

function checkTime(entry, time, record) {
  firstTime ??= time;
  if (latest !== undefined && time < latest - MOST_DISORDER_MS) {
    const stays = strayed !== undefined && Math.abs(time - strayed) <= MOST_DISORDER_MS;
    strayed = time;
    if (!stays)
      return fail(
        'time.order',
        entry,
        `entry ${entry} is of ${iso(time)}, and entry ${latestEntry} before it of ${iso(latest)}`,
      );
  } else if (latest !== undefined) {
    if (seen.whole && beatMs !== undefined && !stopped && time - latest > BEATS_MISSED * beatMs) {
      const how = record.act === 'start' ? ', and then it was started without having been stopped' : '';
      remark(
        'time.silence',
        entry,
        `nothing was recorded between ${iso(latest)} and ${iso(time)} (${duration(time - latest)}), where a heartbeat was due every ${duration(beatMs)}${how}`,
      );
    }
    if (time < latest) return;
  }
  [latest, latestEntry, seen.whole, lastTime] = [time, entry, true, time];
}

// ---- What an export has beside the log -----------------------------------------------------------------------------

/** What an export begins with; undefined where it is none. */
function exportBegin() {
  try {
    const from = JSON.parse(read('export.json') ?? 'null')?.from;
    return typeof from === 'number' ? from : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Lines of `records/` are the entries, all of them from the first that is there: nobody signed what export.json says. Files
 * of `kept/` have the digest that is their name.
 */
function checkBeside(from, size) {
  const begin = exportBegin();
  if (begin !== undefined && begin !== from)
    fail(
      'export.differs',
      from,
      `export.json does not say that the export begins at entry ${from}, as it does`,
    );
  let [next, any] = [from, begin !== undefined];
  const lacking = (to) => fail('export.differs', next, `records/ lacks the lines of ${span(next, to - 1)}`);
  for (const name of list('records')) {
    let entry = Number(/^(\d{12})\.ndjson$/.exec(name)?.[1]);
    if (Number.isNaN(entry)) continue;
    any = true;
    const bytes = read(`records/${name}`);
    if (bytes === undefined) continue;
    if (Math.min(entry, size) > next) lacking(Math.min(entry, size));
    for (let start = 0, line = 1; start < bytes.length; line += 1, entry += 1) {
      const feed = bytes.indexOf(10, start);
      const end = feed < 0 ? bytes.length : feed;
      const tile =
        entry < size
          ? readTile(0, Math.floor(entry / WIDTH), widthAt(0, Math.floor(entry / WIDTH), size))
          : undefined;
      if (
        !Buffer.isBuffer(tile) ||
        !hashAt(tile, entry % WIDTH).equals(leafHash(bytes.subarray(start, end)))
      ) {
        fail('export.differs', entry, `records/${name}: line ${line} is not entry ${entry}`);
        entry = size;
        break;
      }
      start = end + 1;
    }
    next = Math.max(next, entry);
  }
  if (any && next < size) lacking(size);
  for (const name of list('kept')) {
    const bytes = /^[0-9a-f]{64}$/.test(name) ? read(`kept/${name}`) : undefined;
    if (bytes !== undefined && sha256(bytes).toString('hex') !== name)
      fail('export.differs', null, `kept/${name} was changed: its digest is not its name`);
  }
}

/** Cosignatures of witnesses: a time in seconds and an Ed25519 signature. */
function cosignatures({ note }, witnesses) {
  return witnesses.flatMap((witness) => {
    for (const { name, id, data } of note.signatures) {
      if (name !== witness.name || !id.equals(witness.id) || data.length !== 72) continue;
      const time = data.readBigUInt64BE();
      const text = Buffer.from(`cosignature/v1\ntime ${time}\n${note.text}`);
      if (time <= LATEST_S && verifySignature(null, text, witness.key, data.subarray(8)))
        return [`${name} at ${iso(Number(time) * 1000)}`];
    }
    return [];
  });
}

// ---- The whole -----------------------------------------------------------------------------------------------------

/**
 * The checkpoints that the log itself has kept, as [name, bytes], and those that their list names and that are not there,
 * as [name, undefined, what is wrong]. A server that thins them takes them from the list first.
 */
function readKept() {
  const listed = listedNames();
  const names = [...new Set([...list('checkpoints'), ...(listed ?? [])])].sort();
  const files = names
    .filter((name) => !/\.(tmp|json)$/.test(name))
    .map((name) => [name, read(`checkpoints/${name}`), 'is not there, and checkpoints/list.json names it']);
  const still = listedNames() ?? [];
  return [
    ...(listed ? [] : [['list.json', undefined, 'is no list of files']]),
    ...files.filter(([name, bytes]) => bytes !== undefined || still.includes(name)),
  ];
}

function listedNames() {
  try {
    const names = JSON.parse(read('checkpoints/list.json') ?? '{"files":[]}')?.files;
    const isName = (name) => typeof name === 'string' && /^\w[\w.-]*$/.test(name);
    return Array.isArray(names) && names.every(isName) ? names : undefined;
  } catch {
    return undefined;
  }
}

function verifyAll({ keys: given, held: heldFile }) {
  const keys = readKeys(given);
  // Before the current one: of a log that is being written, what it keeps must not seem to be ahead.
  const kept = readKept();
  const bytes = read('checkpoint');
  if (bytes === undefined) fail('checkpoint.missing', null, 'there is no checkpoint');
  const present = keys.filter(({ vouched }) => vouched);
  const current = bytes && signedCheckpoint(bytes, present, '');
  if (!current) return undefined;
  const { size } = current;
  const earlier = [];
  for (const [name, file, problem] of kept) {
    if (file === undefined) {
      fail('history.missing', null, `checkpoints/${name} ${problem}`);
      continue;
    }
    const checkpoint = signedCheckpoint(file, keys, ` checkpoints/${name}`);
    if (checkpoint) earlier.push({ checkpoint, name: `in checkpoints/${name}` });
  }
  earlier.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
  const held = heldFile && signedCheckpoint(heldFile, keys, ` ${HELD}`);
  if (held) earlier.push({ checkpoint: held, name: HELD });
  const from = firstThere(size);
  const edge = edgeAt(1, from, size);
  if (!Array.isArray(edge)) {
    fail(edge.code, from, `${edge.message}: entries from ${from} on cannot be tied to the checkpoint`);
    return { current, from };
  }
  const wanted = [...new Set(earlier.map(({ checkpoint }) => checkpoint.size))].filter(
    (at) => at >= from && at <= size,
  );
  const result = scan(size, from, edge, wanted, readRecords);
  const state = checkTree(current, result);
  const before = rootsBefore(result.tree, size, from);
  checkHistory(current, earlier, result.roots, before, state);
  tellPruned(from, size);
  if (state === 'sound') checkBeside(from, size);
  return { current, from };
}

function tellPruned(from, size) {
  if (from === 0) return;
  const selection = exportBegin();
  const entries = `entries 0 to ${from - 1}`;
  if (selection === from)
    remark('log.pruned', 0, `${entries} are not in the export, which begins at ${from}`);
  else if (from <= seen.prunedBelow)
    remark('log.pruned', 0, `${entries} are gone: the log's retention has taken them`);
  else
    fail(
      'entry.missing',
      0,
      `${entries} are missing: ${tilePath('entries', 0, widthAt(0, 0, size))} is not there, and the log does not say that its retention took them`,
    );
}

function usage(problem) {
  process.stderr.write(
    `verify.mjs: ${problem}\nnode verify.mjs [FOLDER] [--key VKEY]... [--witness VKEY]... [--checkpoint FILE] [--json]\n`,
  );
  process.exit(2);
}

function argumentsOf(words) {
  const options = { keys: [], witnesses: [], held: undefined, json: false, folder: undefined };
  while (words.length > 0) {
    const word = words.shift();
    if (word === '--json') options.json = true;
    else if (word === '--key' || word === '--witness') {
      const key = parseKey(words.shift() ?? '');
      if (!key || key.type !== (word === '--key' ? 1 : 4)) usage(`${word} needs a key, name+keyid+base64`);
      options[word === '--key' ? 'keys' : 'witnesses'].push(key);
    } else if (word === '--checkpoint') {
      const file = words.shift() ?? '';
      options.held = asked(() => readFileSync(file), undefined) ?? usage(`there is no checkpoint ${file}`);
    } else if (word.startsWith('-') || options.folder !== undefined) usage(`what is ${word}?`);
    else options.folder = word;
  }
  return options;
}

process.on('uncaughtException', (error) => {
  process.stderr.write(`verify.mjs: cannot read the log: ${error.message}\n`);
  process.exit(2);
});
const options = argumentsOf(process.argv.slice(2));
folder = options.folder ?? dirname(fileURLToPath(import.meta.url));
if (!existsSync(join(folder, '.'))) usage(`there is no folder ${folder}`);
const result = verifyAll(options);
const verdict = wrong.length === 0 ? 'verified' : 'failed';
const seenBy = result ? cosignatures(result.current, options.witnesses) : [];
if (options.json) {
  const { origin = null, size = null, root } = result?.current ?? {};
  const report = { verdict, origin, size, root: root?.toString('hex') ?? null, from: result?.from ?? null };
  process.stdout.write(
    `${JSON.stringify({ ...report, ...{ decisions: seen.decisions, others: seen.others }, findings: wrong, remarks, untold, witnesses: seenBy })}\n`,
  );
} else {
  const lines = [
    ...wrong.map(({ code, message }) => `WRONG  ${code}: ${message}`),
    ...remarks.map(({ code, message }) => `NOTE   ${code}: ${message}`),
    ...(untold > 0 ? [`       and ${untold} more`] : []),
  ];
  if (result) {
    const { current, from } = result;
    lines.push(
      `Log    ${current.origin}, ${current.size} entries, root ${current.root.toString('base64')}`,
      `Read   entries ${from} to ${current.size - 1}: ${seen.decisions} decisions, ${seen.others} other records`,
      ...(firstTime === undefined ? [] : [`Time   ${iso(firstTime)} to ${iso(lastTime ?? firstTime)}`]),
      ...(seenBy.length > 0
        ? seenBy.map((one) => `Seen   by ${one}`)
        : ['Seen   checked against its own operator only']),
    );
  }
  lines.push(
    verdict === 'verified'
      ? 'VERIFIED: every entry is what was signed'
      : 'FAILED: this is not what was signed',
  );
  // Texts of the log must not speak to the terminal.
  process.stdout.write(lines.map((line) => `${line.replace(/[\p{Cc}\p{Cf}]/gu, '?')}\n`).join(''));
}
process.exitCode = verdict === 'verified' ? 0 : 1;
