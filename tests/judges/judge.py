"""Judges the public log in a folder by a library from PyPI: `judge.py aics|scales FOLDER`.

Reads the folder anew for each line of standard input, and answers each with one line: `accepted`, or `refused: ` and why.
The folder has what the server serves (`key`, `checkpoint`, `tile/`), earlier checkpoints in `seen/`, proofs in `proofs/`. With the
key of a witness in `witness`, each checkpoint must be cosigned.
"""

import functools
import itertools
import sys
from pathlib import Path

import aics_tlog
from aics_tlog.note import b64_decode
from tlog_scales import backend, reader, signing, tiles, tlog


def witness_key(folder):
    file = folder / "witness"
    return file.read_text() if file.exists() else None


def require(is_right, why):
    if not is_right:
        raise ValueError(why)


class Aics:
    """aics-tlog."""

    def __init__(self, folder):
        self.key = aics_tlog.read_vkey_file((folder / "key").read_text())
        witness = witness_key(folder)
        self.witnesses = [aics_tlog.parse_vkey(witness)] if witness else []
        self.newest = (folder / "checkpoint").read_bytes()
        self.head = self.opened(self.newest)
        files = aics_tlog.FileSystemTileReader(folder)
        aics_tlog.audit_tiles(files, self.head.size, self.head.root)
        self.tiles = aics_tlog.VerifiedTileReader(files, self.head.size, self.head.root)

    def opened(self, note):
        head = aics_tlog.verify_checkpoint(aics_tlog.parse_note(note), self.key, self.witnesses, len(self.witnesses))
        require(head.ok, head.error)
        return head

    def check_consistency(self, old, new):
        proof = aics_tlog.consistency_proof_from_tiles(self.tiles, old.size, new.size, self.head.size)
        require(aics_tlog.verify_consistency(old.size, new.size, old.root, new.root, proof), "inconsistent")

    def check_entry(self, index, text):
        head, _, note = text.partition(b"\n\n")
        first, second, *hashes = head.decode().split("\n")
        require((first, second) == ("c2sp.org/tlog-proof@v1", f"index {index}"), "not the proof of this entry")
        require(note == self.newest, "another checkpoint")
        proof = [b64_decode(line) for line in hashes]
        entry = self.tiles.entry(index)
        is_in = aics_tlog.verify_leaf_inclusion(entry, index, self.head.size, proof, self.head.root)
        require(is_in, f"entry {index} is not in the log")


class Scales:
    """tlog-scales."""

    def __init__(self, folder):
        keys = [(folder / "key").read_text(), witness_key(folder)]
        self.keys = [signing.Vkey.from_string(key.strip()) for key in keys if key]
        self.tiles = reader.TilesReader(backend.LocalBackend(folder))
        # It hashes a subtree anew for each proof otherwise.
        self.tiles.mth = functools.cache(self.tiles.mth)
        self.head = self.opened((folder / "checkpoint").read_bytes())
        self.tiles.set_size(self.head.size)
        require(self.tiles.calculate_root_hash() == self.head.root_hash, "another root")

    def opened(self, note):
        head = tlog.Checkpoint.from_text(note.decode())
        for key in self.keys:
            head.verify(key)
        # It reads more spellings than one: what it would write must be what it read.
        require(head.serialize().encode() == note, "not spelled as it should be")
        return head

    def check_consistency(self, old, new):
        # It proves nothing from an empty tree, but knows that there is nothing to prove.
        empty = tlog.ConsistencyProof(0, new.size, [])
        proof = self.tiles.get_consistency_proof(old.size, new.size) if old.size else empty
        proof.check(old.root_hash, new.root_hash)

    def check_entry(self, index, text):
        proof = self.tiles.get_inclusion_proof(index, self.head.size)
        proof.check(tiles.leaf_hash(self.tiles.get_entry(index)), self.head.root_hash)
        hashes = "".join(f"{tlog.b64enc(node)}\n" for node in proof.node_hashes)
        own = f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{self.head.serialize()}"
        require(text == own.encode(), f"another proof of entry {index}")


def judge(library, folder):
    log = library(folder)
    seen = [log.opened(file.read_bytes()) for file in (folder / "seen").iterdir()]
    require(seen, "no earlier checkpoint")
    for old, new in itertools.combinations(sorted([*seen, log.head], key=lambda head: head.size), 2):
        log.check_consistency(old, new)
    for index in range(log.head.size):
        log.check_entry(index, (folder / "proofs" / str(index)).read_bytes())


def main():
    library = {"aics": Aics, "scales": Scales}[sys.argv[1]]
    for _ in sys.stdin:
        try:
            judge(library, Path(sys.argv[2]))
            print("accepted", flush=True)
        except Exception as error:
            print("refused:", type(error).__name__, " ".join(str(error).split()), flush=True)


main()
