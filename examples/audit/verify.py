#!/usr/bin/env python3
"""Verifies an export of a Portreeve log (folder or .zip), or the log itself: a second opinion beside verify.mjs.

    python3 verify.py FOLDER_OR_ZIP [--key VKEY]... [--checkpoint FILE] [--json]

Needs Python 3.9 or newer and the package `cryptography` (Ed25519); all else is the standard library. Written from the
public specifications: signed notes, checkpoints and tiles (c2sp.org/signed-note, tlog-checkpoint, tlog-tiles), hashes
as RFC 6962 section 2.1 has them. Exit code 0: verified; 1: not what was signed; 2: wrong usage, or a file that cannot
be read.
"""

import argparse
import base64
import binascii
import decimal
import hashlib
import json
import os
import re
import sys
import zipfile
import zlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256
HASH = 32
MOST_DISORDER_MS = 60_000
BEATS_MISSED = 3
MOST_TOLD = 100
ODD = "odd"
MOST_DEPTH = 256  # levels of lists and objects in a record
HELD = "that you hold"


class Findings:
    def __init__(self):
        self.wrong, self.remarks, self.untold = [], [], 0

    def _add(self, to, code, entry, message):
        if len(to) < MOST_TOLD:
            to.append({"code": code, "entry": entry, "message": message})
        else:
            self.untold += 1

    def fail(self, code, entry, message):
        self._add(self.wrong, code, entry, message)

    def remark(self, code, entry, message):
        self._add(self.remarks, code, entry, message)

    def count(self):
        return len(self.wrong) + len(self.remarks) + self.untold


def span(first, last):
    return f"entry {first}" if first == last else f"entries {first} to {last}"


# ---- Files ----------------------------------------------------------------------------------------------------------


class Folder:
    def __init__(self, path):
        self.path = path

    def read(self, name):
        try:
            with open(os.path.join(self.path, name), "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def list(self, name):
        try:
            return sorted(os.listdir(os.path.join(self.path, name)))
        except (FileNotFoundError, NotADirectoryError):
            return []


class Archive:
    def __init__(self, path):
        self.zip = zipfile.ZipFile(path)
        self.names = set(self.zip.namelist())
        if len(self.names) < len(self.zip.namelist()):
            raise zipfile.BadZipFile("two of its files have one name")
        # Whoever packed it again may have put a folder around it; `witness/checkpoint` is not the log's own.
        found = [one for one in self.names if one == "checkpoint" or one.endswith("/checkpoint")]
        roots = [one[: -len("checkpoint")] for one in found]
        self.root = min(roots, key=lambda one: (one.count("/"), one), default="")

    def read(self, name):
        path = self.root + name
        return self.zip.read(path) if path in self.names else None

    def list(self, name):
        begin = f"{self.root}{name}/"
        below = [one[len(begin) :] for one in self.names if one.startswith(begin)]
        return sorted(one for one in below if one and "/" not in one)


def tile_path(level, index, width):
    groups = [f"{index % 1000:03d}"]
    rest = index // 1000
    while rest > 0:
        groups.insert(0, f"x{rest % 1000:03d}")
        rest //= 1000
    return f"tile/{level}/{'/'.join(groups)}" + ("" if width == WIDTH else f".p/{width}")


def hashes_at(level, size):
    return size // WIDTH**level


def width_at(level, index, size):
    return max(0, min(WIDTH, hashes_at(level, size) - index * WIDTH))


def split(row):
    return [row[at : at + HASH] for at in range(0, len(row), HASH)]


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def whole_root(hashes):
    """The root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def peaks_of(hashes):
    """The roots of the largest whole subtrees over fewer than 256 hashes, the largest first."""
    peaks, start, width = [], 0, WIDTH // 2
    while width >= 1:
        if len(hashes) & width:
            peaks.append(whole_root(hashes[start : start + width]))
            start += width
        width //= 2
    return peaks


def fold_peaks(peaks):
    if not peaks:
        return hashlib.sha256(b"").digest()
    root = peaks[-1]
    for left in reversed(peaks[:-1]):
        root = node_hash(left, root)
    return root


class Tree:
    """From level 1 on all hashes behind entry `start`, and those before that the tree goes on from."""

    def __init__(self, start, edge):
        self.size, self.end, self.rows = start, [], []
        for place, held in enumerate(edge):
            hashes = hashes_at(place + 1, start)
            self.rows.append([hashes - hashes % WIDTH, list(held)])

    def push(self, leaves):
        self.size += len(leaves)
        if len(leaves) == WIDTH:
            self._push(0, whole_root(leaves))
        else:
            self.end = leaves

    def push_whole(self, root):
        self.size += WIDTH
        self._push(0, root)

    def _push(self, place, root):
        if place == len(self.rows):
            self.rows.append([0, []])
        base, hashes = self.rows[place]
        hashes.append(root)
        if (base + len(hashes)) % WIDTH == 0:
            self._push(place + 1, whole_root(hashes[-WIDTH:]))

    def slice(self, level, start, end):
        if level > len(self.rows):
            return []
        base, hashes = self.rows[level - 1]
        return hashes[start - base : end - base]

    def root_at(self, size, end):
        peaks = []
        for level in range(len(self.rows), 0, -1):
            to = hashes_at(level, size)
            peaks += peaks_of(self.slice(level, to - to % WIDTH, to))
        return fold_peaks(peaks + peaks_of(end))

    def root(self):
        return self.root_at(self.size, self.end)


# ---- Keys and checkpoints -------------------------------------------------------------------------------------------


def strict_base64(text):
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if text and base64.b64encode(found).decode() == text else None


class Key:
    def __init__(self, text):
        found = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})", text.strip())
        data = strict_base64(found[3]) if found else None
        if not data or len(data) != 33 or data[0] not in (1, 4):
            raise ValueError(f"{text} is no key")
        self.text, self.name, self.until, self.vouched = text.strip(), found[1], None, True
        self.id = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        if self.id.hex() != found[2]:
            raise ValueError(f"{text} is not the key that its id names")
        self.key = Ed25519PublicKey.from_public_bytes(data[1:])

    def signed(self, note):
        # Each signature that says it is the key's own must be right.
        own = [data for name, one, data in note["signatures"] if name == self.name and one == self.id]
        return bool(own) and all(self._verifies(data, note["text"]) for data in own)

    def _verifies(self, signature, text):
        try:
            self.key.verify(signature, text.encode())
            return True
        except InvalidSignature:
            return False


def parse_note(found):
    try:
        text = found.decode("utf-8")
    except UnicodeDecodeError:
        return None
    at = text.rfind("\n\n")
    if at < 0 or not text.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text):
        return None
    signatures = []
    for line in text[at + 2 : -1].split("\n"):
        parts = re.fullmatch("\u2014 ([^\\s+]+) (\\S+)", line)
        data = strict_base64(parts[2]) if parts else None
        if not data or len(data) < 5:
            return None
        signatures.append((parts[1], data[:4], data[4:]))
    return {"text": text[: at + 1], "signatures": signatures}


def parse_checkpoint(found):
    note = parse_note(found)
    lines = note["text"][:-1].split("\n") if note else []
    if len(lines) < 3 or not lines[0] or "" in lines[3:]:
        return None
    root = strict_base64(lines[2])
    if not re.fullmatch(r"0|[1-9]\d{0,15}", lines[1]) or root is None or len(root) != HASH:
        return None
    size = int(lines[1])
    if size > 2**53 - 1:
        return None
    return {"note": note, "origin": lines[0], "size": size, "root": root}


# ---- Verification ---------------------------------------------------------------------------------------------------


class Verifier:
    def __init__(self, files):
        self.files = files
        self.findings = Findings()
        self.records = Records(self.findings)
        self.checkpoint, self.begin, self.damaged = None, None, set()

    def tile(self, level, index, width):
        """The hashes of a tile; or (code, message)."""
        name, length = tile_path(level, index, width), width * HASH
        found = self.files.read(name)
        if found is None and width < WIDTH:
            full = self.files.read(tile_path(level, index, WIDTH))
            found = None if full is None else full[:length]
        if found is None:
            return ("tile.missing", f"{name} is not there")
        if len(found) != length:
            return ("tile.malformed", f"{name} has {len(found)} bytes instead of {length}")
        return split(found)

    def bundle(self, index, width):
        """(entries, whether it is torn); None where it is not there."""
        found, most = self.files.read(tile_path("entries", index, width)), 2 * WIDTH
        if found is None and width < WIDTH:
            found, most = self.files.read(tile_path("entries", index, WIDTH)), width
        if found is None:
            return None
        entries, at = [], 0
        while at < len(found) and len(entries) < most:
            end = at + 2 + int.from_bytes(found[at : at + 2], "big") if at + 2 <= len(found) else len(found) + 1
            if end > len(found):
                break
            entries.append(found[at + 2 : end])
            at = end
        return entries, at < len(found) and not (most == width and len(entries) == width)

    def verify(self, given, held):
        findings = self.findings
        keys = self.read_keys(given)
        # Before the current one: of a log that is being written, what it keeps must not seem to be ahead.
        kept = self.read_kept()
        found = self.files.read("checkpoint")
        if found is None:
            findings.fail("checkpoint.missing", None, "there is no checkpoint")
            return
        current = self.checkpoint = self.signed(found, [key for key in keys if key.vouched], "")
        if current is None:
            return
        size = current["size"]
        earlier = []
        for name, file, problem in kept:
            if file is None:
                findings.fail("history.missing", None, f"checkpoints/{name} {problem}")
                continue
            one = self.signed(file, keys, f" checkpoints/{name}")
            if one:
                earlier.append((one, f"in checkpoints/{name}"))
        earlier.sort(key=lambda pair: pair[0]["size"])
        one = self.signed(held, keys, f" {HELD}") if held is not None else None
        if one:
            earlier.append((one, HELD))
        begin = self.begin = self.first_there(size)
        edge = self.edge_at(1, begin, size)
        if isinstance(edge, tuple):
            message = f"{edge[1]}: entries from {begin} on cannot be tied to the checkpoint"
            findings.fail(edge[0], begin, message)
            return
        wanted = {one["size"] for one, _ in earlier if begin <= one["size"] <= size}
        self.scan(size, begin, edge, wanted)
        state = self.check_tree(current)
        self.check_history(current, earlier, state)
        self.tell_pruned(begin, size)
        if state == "sound":
            self.check_beside(begin, size)

    def read_kept(self):
        """(name, bytes, None), or (name, None, what is wrong) for what the list names and is not there."""
        listed = self.listed_names()
        names = sorted(set(self.files.list("checkpoints")) | set(listed or []))
        names = [name for name in names if not name.endswith((".tmp", ".json"))]
        files = [(name, self.files.read(f"checkpoints/{name}")) for name in names]
        # A server that thins them takes them from the list first.
        still = self.listed_names() or []
        problem = "is not there, and checkpoints/list.json names it"
        kept = [] if listed is not None else [("list.json", None, "is no list of files")]
        return kept + [(name, file, problem) for name, file in files if file is not None or name in still]

    def listed_names(self):
        try:
            value = read_json(self.files.read("checkpoints/list.json") or b'{"files":[]}')
        except ValueError:
            return None
        names = value.get("files") if isinstance(value, dict) else None
        is_name = lambda name: isinstance(name, str) and re.fullmatch(r"\w[\w.-]*", name, re.ASCII)
        return names if isinstance(names, list) and all(map(is_name, names)) else None

    def read_keys(self, given):
        findings, known = self.findings, []
        found = self.files.read("keys/log.json")
        try:
            for one in read_json(found)["keys"] if found else []:
                try:
                    key = Key(one["key"])
                except ValueError:
                    findings.fail("key.list", None, f"keys/log.json has a key that is none: {one['key']}")
                    continue
                key.until = one["until"]["size"] if one.get("until") else None
                key.succession = one.get("succession")
                known.append(key)
        except (ValueError, KeyError, TypeError, AttributeError):
            findings.fail("key.list", None, "keys/log.json is no list of keys")
        texts = [key.text for key in given]
        begin = 0 if not given else max((at for at, key in enumerate(known) if key.text in texts), default=-1)
        strangers = [key for key in given if key.text not in [one.text for one in known]]
        if known:
            for key in strangers:
                findings.fail("key.unknown", None, f"the log was never signed with the key {key.text}")
        sizes = [None] + [succession(key, before) for before, key in zip(known, known[1:])]
        broken = next((at for at in range(max(0, begin) + 1, len(known)) if sizes[at] is None), -1)
        if broken >= 0:
            after, before = known[broken].text, known[broken - 1].text
            findings.fail("key.succession", None, f"the key {after} took over without the signature of {before}")
        if not given and not known:
            findings.fail("key.list", None, "no key was given, and the log has none")
        elif not given:
            findings.remark(
                "keys.own",
                None,
                "no key was given: the keys are those that lie in the log, "
                "and whoever replaces all of it replaces them too",
            )
        trusted = [] if begin < 0 else known[: broken if broken >= 0 else len(known)]
        for at, key in enumerate(trusted):
            # What came before a given key only names itself: it can accuse the log, and nothing is believed by it.
            key.vouched = at >= begin
            if at + 1 < len(trusted) and sizes[at + 1] is not None:
                key.until = sizes[at + 1]
        return trusted + strangers

    def signed(self, found, keys, name):
        checkpoint = parse_checkpoint(found)
        if checkpoint is None:
            self.findings.fail(
                "checkpoint.malformed", None, f"the checkpoint{name} is damaged: it is no signed tree head"
            )
            return None
        origin, size = checkpoint["origin"], checkpoint["size"]
        for key in keys:
            if key.name == origin and (key.until is None or size <= key.until) and key.signed(checkpoint["note"]):
                return checkpoint
        known = ", ".join(key.text[: key.text.rindex("+")] for key in keys) or "none"
        problem = f"{origin} at {size} is not signed by a key that counts there ({known})"
        self.findings.fail("key.wrong", None, f"the checkpoint{name} of {problem}")
        return None

    def first_there(self, size):
        count = -(-size // WIDTH)

        def is_there(index):
            names = {tile_path("entries", index, width) for width in (width_at(0, index, size), WIDTH)}
            return any(self.files.read(name) is not None for name in names)

        if count == 0 or is_there(0):
            return 0
        low, high = 1, count
        while low < high:
            middle = (low + high) // 2
            if is_there(middle):
                high = middle
            else:
                low = middle + 1
        return min(low * WIDTH, size - size % WIDTH)

    def edge_at(self, level, at, size):
        edge = []
        while hashes_at(level, at) > 0:
            index, width = divmod(hashes_at(level, at), WIDTH)
            tile = [] if width == 0 else self.tile(level, index, width_at(level, index, size))
            if isinstance(tile, tuple):
                return tile
            edge.append(tile[:width])
            level += 1
        return edge

    def scan(self, size, begin, edge, wanted):
        tree = self.tree = Tree(begin, edge)
        self.roots, self.suspects, self.other_end = {}, [], None
        for index in range(begin // WIDTH, -(-size // WIDTH)):
            width = width_at(0, index, size)
            bundle, tile = self.bundle(index, width), self.tile(0, index, width)
            own = None
            if bundle and len(bundle[0]) == width and not bundle[1]:
                own = [leaf_hash(entry) for entry in bundle[0]]
            leaves = own
            if own is not None and own == tile:
                tree.push(own)
                self.records.take(index * WIDTH, bundle[0])
            else:
                leaves = self.choose(size, index, width, own, tile)
                if width < WIDTH and own is not None and self.suspects[-1][1] == "tile":
                    self.other_end = own
            for at in wanted:
                within = at - index * WIDTH
                if leaves is not None and 0 < within < width:
                    self.roots[at] = tree.root_at(at, leaves[:within])
        for at in wanted:
            if at == size:
                self.roots[at] = tree.root()
            elif at % WIDTH == 0:
                self.roots[at] = tree.root_at(at, [])

    def choose(self, size, index, width, own, tile):
        over = None
        if width == WIDTH:
            above = self.tile(1, index // WIDTH, width_at(1, index // WIDTH, size))
            over = above[index % WIDTH] if isinstance(above, list) else None
        if own is not None and over is not None and whole_root(own) == over:
            believed, leaves = "entries", own
        elif isinstance(tile, list):
            believed, leaves = "tile", tile
        elif own is not None:
            believed, leaves = "entries", own
        else:
            believed, leaves = ("above" if over is not None else "nothing"), None
        self.suspects.append((index, believed))
        if believed == "above":
            self.tree.push_whole(over)
        else:
            self.tree.push(leaves if leaves is not None else [bytes(HASH)] * width)
        return leaves

    def check_tree(self, current):
        tree, size, root = self.tree, current["size"], current["root"]
        sound, entries_end = tree.root() == root, False
        if not sound and self.other_end is not None:
            tile, tree.end = tree.end, self.other_end
            entries_end = sound = tree.root() == root
            if not sound:
                tree.end = tile
        if not sound and self.descend(size, root):
            return "placed"
        shift = 0
        for index, believed in self.suspects:
            at_end = entries_end and (index + 1) * WIDTH > size
            shift = self.tell_suspect(size, index, "entries" if at_end else believed, shift)
        if not sound:
            return "other"
        level = 1
        while hashes_at(level, size) > 0:
            base = tree.rows[level - 1][0]
            for index in range(base // WIDTH, -(-hashes_at(level, size) // WIDTH)):
                self.tell_tile(size, level, index)
            level += 1
        return "sound"

    def tell_tile(self, size, level, index):
        width = width_at(level, index, size)
        tile = self.tile(level, index, width)
        if isinstance(tile, tuple):
            self.findings.fail(tile[0], None, tile[1])
            return
        right = self.tree.slice(level, index * WIDTH, index * WIDTH + width)
        if tile == right:
            return
        first = (index * WIDTH + first_difference(tile, right)) * WIDTH**level
        what = span(first, first + WIDTH**level - 1)
        name = tile_path(level, index, width)
        self.findings.fail(
            "tile.changed", first, f"{name} was changed: what it has for {what} is not the hash over them"
        )

    def tell_suspect(self, size, index, believed, shift):
        fail, width = self.findings.fail, width_at(0, index, size)
        first, last = index * WIDTH, index * WIDTH + width - 1
        bundle, tile = self.bundle(index, width), self.tile(0, index, width)
        path = tile_path("entries", index, width)
        if isinstance(tile, tuple):
            fail(tile[0], first, tile[1])
        if bundle is None:
            fail("entry.missing", first, f"{span(first, last)} are missing: {path} is not there")
            return shift
        leaves = [leaf_hash(entry) for entry in bundle[0]]
        if believed == "entries":
            if isinstance(tile, list):
                entry = first + first_difference(leaves, tile)
                name = tile_path(0, index, width)
                fail("tile.changed", entry, f"{name} was changed: what it has for entry {entry} is not its hash")
            return shift
        if bundle[1]:
            entry = first + len(leaves)
            fail("entry.torn", entry, f"{path} ends within entry {entry}")
            if isinstance(tile, list) and tile[: len(leaves)] == leaves:
                return shift
        if isinstance(tile, tuple):
            fail("entry.changed", first, f"{span(first, last)} are not what was signed")
            return shift
        before = self.findings.count()
        after = tell_differences(leaves, tile, first, shift, fail)
        if self.findings.count() == before and shift == 0 and not bundle[1]:
            fail("entry.changed", first, f"{span(first, last)} are not what was signed")
        return after

    def descend(self, size, root):
        edge = self.edge_at(0, size, size)
        if isinstance(edge, tuple):
            return False
        peaks = [peak for row in reversed(edge) for peak in peaks_of(row)]
        if fold_peaks(peaks) != root:
            return False
        before = self.findings.count()
        for level in range(len(edge) - 1, 0, -1):
            self.compare(size, level, hashes_at(level, size) - len(edge[level]), edge[level])
        last = size // WIDTH
        if size % WIDTH and any(index == last for index, _ in self.suspects):
            self.tell_suspect(size, last, "tile", 0)
        return self.findings.count() > before

    def compare(self, size, level, first, right):
        base, hashes = self.tree.rows[level - 1] if level <= len(self.tree.rows) else (0, [])
        for place, over in enumerate(right):
            at = first + place
            if base <= at < base + len(hashes) and hashes[at - base] != over:
                self.go_below(size, level - 1, at, over)

    def go_below(self, size, level, index, over):
        tile = self.tile(level, index, WIDTH)
        if isinstance(tile, list) and whole_root(tile) == over:
            if level > 0:
                self.compare(size, level, index * WIDTH, tile)
            else:
                self.tell_suspect(size, index, "tile", 0)
            return
        first = index * WIDTH ** (level + 1)
        what = span(first, first + WIDTH ** (level + 1) - 1)
        self.findings.fail("entry.changed", first, f"{what} are not what was signed, nor are the hashes over them")

    def check_history(self, current, earlier, state):
        fail, agreed, differs, unread = self.findings.fail, 0, None, []
        for one, name in earlier:
            size = one["size"]
            if one["origin"] != current["origin"]:
                fail("history.forked", None, f"the checkpoint {name} is of another log, {one['origin']}")
                continue
            if size > current["size"]:
                cut = size - current["size"]
                problem = f"the checkpoint {name} covers {size}: at least {cut} were cut off"
                ends = f"the log ends at {current['size']} entries"
                fail("history.truncated", current["size"], f"{ends}, and {problem}")
                continue
            root = self.roots.get(size) or self.root_before(size)
            if isinstance(root, tuple):
                unread.append((name, size, *root))
            elif root == one["root"]:
                agreed = max(agreed, size)
            else:
                differs = size if differs is None else min(differs, size)
                if state == "sound":
                    what = f"the log is not the one that the checkpoint {name} was signed for"
                    which = f"of its {size} entries some from {agreed} on are others"
                    fail("history.forked", agreed, f"{what}: {which} (history was rewritten, or forked)")
        self.tell_unread(unread)
        if state == "other":
            until = min(current["size"] if differs is None else differs, current["size"])
            what = f"the entries are not those that the checkpoint at {current['size']} was signed for"
            fail("root.differs", agreed, f"{what}: they differ between entry {agreed} and entry {until - 1}")

    def tell_unread(self, unread):
        """Nothing is verified by a checkpoint of yours that cannot be compared; of the log's own that is a remark."""
        for name, size, lacking, damaged in unread:
            if name != HELD:
                continue
            takes = " and ".join(lacking)
            how = f"{takes} is not as it was"
            if not damaged:
                ask = "ask the operator for a copy (hashes alone), or for an export with this checkpoint"
                how = f"it takes {takes}, gone with older entries: {ask}"
            problem = f"nothing shows that the log continues the checkpoint {name} ({size} entries)"
            self.findings.fail("history.uncompared", None, f"{problem}: {how}")
        gone = [f"the checkpoint {name} ({size} entries)" for name, size, _, bad in unread if name != HELD and not bad]
        if gone:
            many = f"{len(gone)} earlier checkpoints, the last of them {gone[-1]},"
            what = gone[-1] if len(gone) == 1 else many
            self.findings.remark("log.unread", None, f"{what} cannot be compared: tiles of that time are gone")

    def root_before(self, size):
        """
        The root of a tree that ends before what was read: of every level it takes one tile, held against the one above
        it, up to the hashes that were worked out. Or (tiles that it takes and that are not there as they were, damaged).
        """
        if size == 0:
            return fold_peaks([])

        def place(level):
            return hashes_at(level, size) // WIDTH

        def tell(tile, code, message):
            if tile["path"] not in self.damaged:
                self.damaged.add(tile["path"])
                self.findings.fail(code, tile["index"] * WIDTH ** (tile["level"] + 1), message)

        if size >= self.begin:
            # Read, and told of there.
            return [tile_path(0, place(0), width_at(0, place(0), self.checkpoint["size"]))], True
        rows, tiles, level = self.tree.rows, [], 0
        while hashes_at(level, size) % WIDTH == 0:
            level += 1
        while level == 0 or place(level) * WIDTH < rows[level - 1][0]:
            tile = {"level": level, "index": place(level), "path": tile_path(level, place(level), WIDTH)}
            found = self.tile(level, place(level), WIDTH)
            tile["hashes"] = None if isinstance(found, tuple) else found
            # What is before the first entry that is there may be gone; what is there is to be as it was.
            if isinstance(found, tuple) and found[0] != "tile.missing":
                tell(tile, *found)
            tiles.append(tile)
            level += 1
        lacking = [tile["path"] for tile in tiles if tile["hashes"] is None]
        if lacking:
            return lacking, any(tile["path"] in self.damaged for tile in tiles)
        for at in range(len(tiles) - 1, -1, -1):
            tile, index = tiles[at], tiles[at]["index"]
            if at + 1 < len(tiles):
                over = tiles[at + 1]["hashes"][index % WIDTH]
            else:
                over = self.tree.slice(tile["level"] + 1, index, index + 1)[0]
            if whole_root(tile["hashes"]) != over:
                tell(tile, "tile.changed", f"{tile['path']} was changed: the hash over it is another one")
                return [tile["path"]], True
        peaks, read = [], {tile["level"]: tile["hashes"] for tile in tiles}
        for level in range(len(rows), -1, -1):
            end = hashes_at(level, size)
            if level in read:
                peaks += peaks_of(read[level][: end % WIDTH])
            elif end % WIDTH:
                peaks += peaks_of(self.tree.slice(level, end - end % WIDTH, end))
        return fold_peaks(peaks)

    def tell_pruned(self, begin, size):
        if begin == 0:
            return
        entries = f"entries 0 to {begin - 1}"
        if self.export_begin() == begin:
            message = f"{entries} are not in the export, which begins at {begin}"
            self.findings.remark("log.pruned", 0, message)
        elif begin <= self.records.pruned_below:
            self.findings.remark("log.pruned", 0, f"{entries} are gone: the log's retention has taken them")
        else:
            path = tile_path("entries", 0, width_at(0, 0, size))
            problem = f"{path} is not there, and the log does not say that its retention took them"
            self.findings.fail("entry.missing", 0, f"{entries} are missing: {problem}")

    def export_begin(self):
        try:
            selection = read_json(self.files.read("export.json") or b"null")
        except ValueError:
            return None
        begin = selection.get("from") if isinstance(selection, dict) else None
        return begin if type(begin) in (int, float) else None

    def check_beside(self, begin, size):
        selected = self.export_begin()
        # Nobody signed what export.json says: by it lines could be left out.
        if selected is not None and selected != begin:
            message = f"export.json does not say that the export begins at entry {begin}, as it does"
            self.findings.fail("export.differs", begin, message)
        names = [name for name in self.files.list("records") if re.fullmatch(r"[0-9]{12}\.ndjson", name)]
        # Whoever reads the lines alone must not miss one.
        after = begin
        for name in names:
            found = self.files.read(f"records/{name}")
            if found is None:
                continue
            first = min(int(name[:12]), size)
            if first > after:
                self.tell_lacking(after, first)
            after = max(after, self.check_lines(name, found, size))
        if after < size and (names or selected is not None):
            self.tell_lacking(after, size)
        for name in self.files.list("kept"):
            found = self.files.read(f"kept/{name}") if re.fullmatch(r"[0-9a-f]{64}", name) else None
            if found is not None and hashlib.sha256(found).hexdigest() != name:
                message = f"kept/{name} was changed: its digest is not its name"
                self.findings.fail("export.differs", None, message)

    def tell_lacking(self, begin, end):
        self.findings.fail("export.differs", begin, f"records/ lacks the lines of {span(begin, end - 1)}")

    def check_lines(self, name, found, size):
        """Answers the entry behind its last line; the size where a line is wrong, which is told."""
        tiles = {}
        lines = found.split(b"\n")
        if lines[-1] == b"":
            lines.pop()
        for at, line in enumerate(lines):
            entry = int(name[:12]) + at
            index = entry // WIDTH
            if index not in tiles:
                tiles = {index: self.tile(0, index, width_at(0, index, size)) if entry < size else []}
            tile = tiles[index]
            right = isinstance(tile, list) and entry % WIDTH < len(tile) and tile[entry % WIDTH] == leaf_hash(line)
            if not right:
                message = f"records/{name}: line {at + 1} is not entry {entry}"
                self.findings.fail("export.differs", entry, message)
                return size
        return int(name[:12]) + len(lines)


def succession(key, before):
    """Size up to which the key before has signed that it counts alone; None where it has not named this one."""
    note = parse_note(key.succession.encode()) if key.succession else None
    lines = note["text"].split("\n") if note else []
    if len(lines) != 5 or lines[:2] != ["portreeve log key", key.text] or lines[4] != "":
        return None
    return int(lines[2]) if re.fullmatch(r"[0-9]{1,15}", lines[2]) and before.signed(note) else None


def first_difference(a, b):
    return next((at for at, pair in enumerate(zip(a, b)) if pair[0] != pair[1]), min(len(a), len(b)))


def distinct(hashes):
    """The second of the same is another one."""
    times, found = {}, []
    for one in hashes:
        times[one] = times.get(one, 0) + 1
        found.append((one, times[one]))
    return found


def runs(places, first):
    found = []
    for place in places:
        if found and found[-1][1] == first + place - 1:
            found[-1][1] = first + place
        else:
            found.append([first + place, first + place])
    return found


def tell_differences(found, signed, first, shift, fail):
    has, was = distinct(found), distinct(signed)
    at, there = {one: place for place, one in enumerate(was)}, set(has)
    last = max((place for place, one in enumerate(has) if one in at), default=-1)
    after = shift if last < 0 else at[has[last]] - last
    removed = [
        place
        for place, one in enumerate(was)
        if one not in there and place >= shift and not (after < 0 and place >= len(has) + after)
    ]
    added = [
        place
        for place, one in enumerate(has)
        if one not in at and place >= -shift and not (after > 0 and place + after >= len(was))
    ]
    changed = [place for place in removed if place in added]
    for start, end in runs(changed, first):
        how = "was changed: it is" if start == end else "were changed: they are"
        fail("entry.changed", start, f"{span(start, end)} {how} not what was signed")
    for start, end in runs([place for place in removed if place not in changed], first):
        fail("entry.removed", start, f"{span(start, end)} {'was' if start == end else 'were'} removed")
    for start, end in runs([place for place in added if place not in changed], first):
        what = "an entry was" if start == end else f"{end - start + 1} entries were"
        fail("entry.added", start, f"{what} added at {start}")
    kept = [at[one] for one in has if one in at]
    moved = [
        place
        for index, place in enumerate(kept)
        if any(other > place for other in kept[:index]) or any(other < place for other in kept[index + 1 :])
    ]
    if moved:
        start, end = first + min(moved), first + max(moved)
        fail("entry.reordered", start, f"entries {start} to {end} stand in another order than was signed")
    return after


# ---- Records --------------------------------------------------------------------------------------------------------

TIMELY = {"start", "stop", "heartbeat", "merged", "worker_started", "worker_ended"}
DAY_MS = 86_400_000
LATEST_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z: no later time is written

INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,9})?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def millis(text):
    """RFC 3339, in milliseconds; None for what is no time."""
    found = INSTANT.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    zone = int(found[9] or 0), int(found[10] or 0)
    if not 1 <= month <= 12 or not 1 <= day <= month_days(year, month):
        return None
    if max(hour, zone[0]) > 23 or max(minute, second, zone[1]) > 59:
        return None
    ms = int(float(f"0{found[7]}") * 1000) if found[7] else 0
    minutes = (zone[0] * 60 + zone[1]) * (-1 if found[8] == "-" else 1)
    seconds = (hour * 60 + minute - minutes) * 60 + second
    return day_number(year, month, day) * DAY_MS + seconds * 1000 + ms


def month_days(year, month):
    """Of the Gregorian calendar, as all below: `datetime` begins with the year 1, and RFC 3339 with 0."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def day_number(year, month, day):
    """Days since 1970-01-01."""
    before = year - 1
    days = before * 365 + before // 4 - before // 100 + before // 400
    return days + sum(month_days(year, one) for one in range(1, month)) + day - 1 - 719_162


def read_json(found):
    """As RFC 8259 has it, bytes that are no UTF-8 replaced. Raises ValueError."""
    return parse(found.decode("utf-8", "replace"))


def parse(text, note=lambda is_canonical: None):
    """`note` is told of every number and object whether it stands there as RFC 8785 writes it."""

    def refuse(word):
        raise ValueError(word)

    def whole(digits):
        note(digits == number_text(float(digits)) if len(digits) > 15 else digits == str(int(digits)))
        return int(digits) if len(digits) < 300 else float(digits)

    def fraction(digits):
        note(digits == number_text(float(digits)))
        return float(digits)

    def members(pairs):
        names = [name.encode("utf-16-be", "surrogatepass") for name, _ in pairs]
        note(all(one < other for one, other in zip(names, names[1:])))
        return dict(pairs)

    try:
        return json.loads(
            text, parse_constant=refuse, parse_int=whole, parse_float=fraction, object_pairs_hook=members
        )
    except RecursionError as error:
        raise ValueError("too deep") from error


def number_text(value):
    """As ECMAScript writes a number; nothing for one that is too large."""
    if value in (0, float("inf"), float("-inf")):
        return "0" if value == 0 else ""
    sign, digits, exponent = decimal.Decimal(repr(abs(value))).as_tuple()
    every = "".join(map(str, digits))
    point, text = len(every) + exponent, every.strip("0")
    point -= len(every) - len(every.lstrip("0"))
    count = len(text)
    if count <= point <= 21:
        text += "0" * (point - count)
    elif 0 < point <= 21:
        text = f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{text}"
    else:
        power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
        text = text[0] + (f".{text[1:]}" if count > 1 else "") + power
    return f"-{text}" if value < 0 else text


TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
ESCAPE = re.compile(r'\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f]))')


def is_too_deep(found):
    """Whether brackets outside of texts are nested deeper than those of any record: some parsers go no deeper."""
    if found.count(b"{") + found.count(b"[") <= MOST_DEPTH:
        return False
    depth = 0
    for byte in TEXT.sub(b"", found):
        if byte in b"{[":
            depth += 1
            if depth > MOST_DEPTH:
                return True
        elif byte in b"}]":
            depth -= 1
    return False


def is_plain(found, text):
    """Whether a JSON text has no blanks outside of its texts, and in these no escapes but those that RFC 8785 has."""
    if re.search(rb"[ \t\r]", TEXT.sub(b"", found)):
        return False
    return "\\" not in text or "\\" not in ESCAPE.sub("", text)


def record_in(found):
    """
    A record, which is one line of JSON with a time; None for what no reader of logs takes for one; ODD for what they may
    read in different ways, as it is not written as records are.
    """
    if b"\n" in found:
        return None
    if is_too_deep(found):
        return ODD
    forms, text = set(), found.decode("utf-8", "replace")
    try:
        record = parse(text, forms.add)
    except ValueError:
        return None
    if not isinstance(record, dict) or millis(record.get("time")) is None:
        return None
    if record.get("kind") == "merged" and not isinstance(record.get("groups"), list):
        return None
    # What is no UTF-8 was read with other characters in its place.
    is_text = text.encode("utf-8") == found
    return record if is_text and False not in forms and is_plain(found, text) else ODD


def is_count(value):
    """Numbers of records count and are told where they are whole ones that a double holds."""
    return type(value) is int and 0 <= value < 2**53


def instant(ms):
    days, rest = divmod(min(ms, LATEST_MS), DAY_MS)
    year = 1970 + days // 366
    while day_number(year + 1, 1, 1) <= days:
        year += 1
    while day_number(year, 1, 1) > days:
        year -= 1
    month, day = 1, days - day_number(year, 1, 1) + 1
    while day > month_days(year, month):
        day -= month_days(year, month)
        month += 1
    seconds, ms = divmod(rest, 1000)
    written = f"{year:04d}" if year >= 0 else f"-{-year:06d}"
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}Z"
    return f"{written}-{month:02d}-{day:02d}T{clock}"


def duration(ms):
    if ms < 1000:
        return f"{ms}ms"
    parts = []
    for unit, length in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        count, ms = divmod(ms, length)
        if count > 0:
            parts.append(f"{count}{unit}")
        if len(parts) == 2:
            break
    return " ".join(parts)


class Records:
    """What records say of the log: that time goes on, that the server lived, what was lost."""

    def __init__(self, findings):
        self.findings = findings
        self.decisions = self.others = self.latest_entry = 0
        self.latest = self.strayed = self.beat = self.next = self.first = self.last = None
        self.stopped, self.whole, self.pruned_below = True, True, 0

    def take(self, first, entries):
        self.whole = self.next is None or self.next == first
        self.next = first + len(entries)
        for place, entry in enumerate(entries):
            self.one(first + place, entry)

    def one(self, entry, found):
        record = record_in(found)
        if record is None:
            self.findings.fail("entry.unreadable", entry, f"entry {entry} is no record: no reader shows it")
            return
        if record is ODD:
            message = f"entry {entry} is not written as records are (RFC 8785): readers may differ over it"
            self.findings.fail("entry.form", entry, message)
            return
        is_decision, act = record.get("kind") == "decision", record.get("act")
        self.decisions += is_decision
        self.others += not is_decision
        named = [one for one in (act, record.get("kind")) if isinstance(one, str)]
        if is_decision or any(one in TIMELY for one in named):
            self.time(entry, millis(record["time"]), act)
        if is_decision:
            # A server that decides has not stopped, whatever it said before.
            self.stopped = False
        else:
            detail = record.get("detail")
            self.act(entry, act, detail if isinstance(detail, dict) else {}, record)

    def time(self, entry, time, act):
        self.first = time if self.first is None else self.first
        if self.latest is not None and time < self.latest - MOST_DISORDER_MS:
            stays = self.strayed is not None and abs(time - self.strayed) <= MOST_DISORDER_MS
            self.strayed = time
            if not stays:
                before = f"entry {self.latest_entry} before it of {instant(self.latest)}"
                self.findings.fail("time.order", entry, f"entry {entry} is of {instant(time)}, and {before}")
                return
        elif self.latest is not None:
            self.silence(entry, time, act)
            if time < self.latest:
                return
        self.latest, self.latest_entry, self.whole, self.last = time, entry, True, time

    def silence(self, entry, time, act):
        if not self.whole or self.beat is None or self.stopped or time - self.latest <= BEATS_MISSED * self.beat:
            return
        how = ", and then it was started without having been stopped" if act == "start" else ""
        between = f"{instant(self.latest)} and {instant(time)} ({duration(time - self.latest)})"
        due = f"where a heartbeat was due every {duration(self.beat)}{how}"
        self.findings.remark("time.silence", entry, f"nothing was recorded between {between}, {due}")

    def act(self, entry, act, detail, record):
        if act == "start":
            self.stopped = False
        if act == "stop":
            self.stopped = True
        if record.get("kind") == "heartbeat":
            # The last one of a server that ends announces none.
            beat, records = record.get("next_s"), record.get("records")
            lost = records.get("lost") if isinstance(records, dict) else None
            self.stopped = type(beat) is int and beat == 0
            if is_count(beat) and beat > 0:
                self.beat = beat * 1000
            if is_count(lost) and lost > 0:
                message = f"{lost} records before entry {entry} were lost: its heartbeat says so"
                self.findings.remark("log.gap", entry, message)
        if act == "log_gap":
            most = detail.get("at_most_ms")
            what = f" of at most {duration(most)}" if is_count(most) else ""
            message = f"records{what} before entry {entry} may be missing: the log says so itself"
            self.findings.remark("log.gap", entry, message)
        if act == "log_pruned" and is_count(detail.get("minimum_index")):
            self.pruned_below = max(self.pruned_below, detail["minimum_index"])


# ---- The command ----------------------------------------------------------------------------------------------------


def main():
    try:
        verify()
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        print(f"verify.py: cannot read the log: {error}", file=sys.stderr)
        sys.exit(2)


def verify():
    parser = argparse.ArgumentParser(description="Verifies an export of a Portreeve log, or the log itself.")
    parser.add_argument("log", help="folder or .zip")
    parser.add_argument("--key", action="append", default=[], type=Key, help="a key of the log that you have")
    parser.add_argument("--checkpoint", help="a checkpoint of the log that you hold")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if not os.path.exists(options.log):
        parser.error(f"there is no {options.log}")
    if not options.log.endswith(".zip") and not os.path.isdir(options.log):
        parser.error(f"{options.log} is neither a folder nor a .zip")
    held = None
    if options.checkpoint:
        with open(options.checkpoint, "rb") as file:
            held = file.read()
    verifier = Verifier(Archive(options.log) if options.log.endswith(".zip") else Folder(options.log))
    verifier.verify(options.key, held)
    findings, records, current = verifier.findings, verifier.records, verifier.checkpoint
    verdict = "failed" if findings.wrong else "verified"
    if options.json:
        report = {"verdict": verdict, "origin": None, "size": None, "root": None, "from": verifier.begin}
        if current:
            report.update(origin=current["origin"], size=current["size"], root=current["root"].hex())
        report.update(decisions=records.decisions, others=records.others)
        report.update(findings=findings.wrong, remarks=findings.remarks, untold=findings.untold)
        print(json.dumps(report))
    else:
        lines = [f"WRONG  {one['code']}: {one['message']}" for one in findings.wrong]
        lines += [f"NOTE   {one['code']}: {one['message']}" for one in findings.remarks]
        if findings.untold:
            lines.append(f"       and {findings.untold} more")
        if current and verifier.begin is not None:
            root = base64.b64encode(current["root"]).decode()
            lines.append(f"Log    {current['origin']}, {current['size']} entries, root {root}")
            counts = f"{records.decisions} decisions, {records.others} other records"
            lines.append(f"Read   entries {verifier.begin} to {current['size'] - 1}: {counts}")
        lines.append(
            "FAILED: this is not what was signed" if findings.wrong else "VERIFIED: every entry is what was signed"
        )
        for line in lines:
            print("".join(one if one.isprintable() else "?" for one in line))
    sys.exit(1 if findings.wrong else 0)


if __name__ == "__main__":
    main()
