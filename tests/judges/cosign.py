"""Submits the checkpoints in a folder to a witness: `cosign.py FOLDER URL VKEY [OLD]`.

Without OLD it submits all of them, oldest first, each with its proof from the one before, and prints how many the witness has
cosigned. With OLD it submits the newest alone, as the one after size OLD, and prints the status of the answer.
"""

import sys
from pathlib import Path

import aics_tlog
from aics_witness import feeder


def main(folder, url, vkey, *old):
    folder = Path(folder)
    key = aics_tlog.read_vkey_file((folder / "key").read_text())
    policy = aics_tlog.WitnessPolicy(1, (aics_tlog.parse_vkey(vkey),), 60)
    files = aics_tlog.FileSystemTileReader(folder)
    notes = [file.read_bytes() for file in [*(folder / "seen").iterdir(), folder / "checkpoint"]]
    heads = sorted((aics_tlog.parse_checkpoint(aics_tlog.parse_note(note).text).size, note) for note in notes)
    newest = heads[-1][0]
    client = feeder.WitnessClient(url, vkey)

    def submit(old, new, note):
        proof = aics_tlog.consistency_proof_from_tiles(files, old, new, newest) if old else []
        return client.submit(note, (old, proof))

    if old:
        try:
            submit(int(old[0]), *heads[-1])
            print(200)
        except feeder.WitnessRejected as error:
            print(error.status)
        except feeder.WitnessConflict:
            print(409)
        return
    for (before, _), (size, note) in zip([(0, b""), *heads], heads):
        cosigned = feeder.merge_cosignatures(note, submit(before, size, note))
        verified = aics_tlog.verify_checkpoint(aics_tlog.parse_note(cosigned), key, policy=policy)
        if not verified.ok:
            raise SystemExit(verified.error)
    print(len(heads))


main(*sys.argv[1:])
