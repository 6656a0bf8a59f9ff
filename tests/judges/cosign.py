"""Submits the checkpoint in a folder to a witness as the one after size OLD, with its proof: `cosign.py FOLDER URL VKEY OLD`.

Prints the status of the answer.
"""

import sys
from pathlib import Path

import aics_tlog
from aics_witness import feeder


def main(folder, url, vkey, old):
    note = (Path(folder) / "checkpoint").read_bytes()
    size = aics_tlog.parse_checkpoint(aics_tlog.parse_note(note).text).size
    tiles = aics_tlog.FileSystemTileReader(folder)
    proof = aics_tlog.consistency_proof_from_tiles(tiles, int(old), size, size)
    try:
        feeder.WitnessClient(url, vkey).submit(note, (int(old), proof))
        print(200)
    except feeder.WitnessRejected as error:
        print(error.status)
    except feeder.WitnessConflict:
        print(409)


main(*sys.argv[1:])
