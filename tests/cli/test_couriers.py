"""`accord courier`: two nodes on one machine, joined by nothing but files, used by commands alone."""

from __future__ import annotations

from pathlib import Path

from tests.cli.test_commands import (  # noqa: F401 - fixtures are found by their names.
    DONE,
    OTHERS_TURN,
    REFUSED,
    TERMS,
    Run,
    accord,
    nodes,
    publication,
)
from tests.stories.alliance import OFFICER


def test_a_publication_goes_and_its_receipt_comes_back(
    accord: Run,  # noqa: F811 - the fixture of that name.
    nodes: dict[str, Path],  # noqa: F811 - the fixture of that name.
    publication: Path,  # noqa: F811 - the fixture of that name.
    tmp_path: Path,
) -> None:
    there, back = tmp_path / "there.courier", tmp_path / "back.courier"
    assert DONE == accord("publish", nodes["KZ"], publication, "--as", OFFICER, "--to", "KG", *TERMS).status
    said = accord("courier", "pack", nodes["KZ"], there, "--to", "KG")
    assert (REFUSED, False) == (said.status, there.exists())
    assert "accord courier meet" in said.err
    assert "the keys of KG are known\n" == accord("courier", "meet", nodes["KZ"], nodes["KG"] / "keys" / "keys.json").out

    packed = accord("courier", "pack", nodes["KZ"], there, "--to", "KG", "--json").json
    assert ("KG", 0, 2, False, there.stat().st_size) == (packed["to"], packed["from"], packed["size"], packed["more"], packed["bytes"])
    assert REFUSED == accord("courier", "pack", nodes["KZ"], there, "--to", "KG").status, "a file that exists is not written over"
    said = accord("courier", "open", nodes["KG"], there)
    assert (DONE, "KZ: kept 1 record, 2 objects verified; it has received 0 of ours") == (said.status, said.out.splitlines()[0])
    assert "this file of KZ was opened before; nothing was done\n" == accord("courier", "open", nodes["KG"], there).out

    assert DONE == accord("courier", "pack", nodes["KG"], back, "--to", "KZ").status
    assert 2 == accord("courier", "open", nodes["KZ"], back, "--json").json["receipted"]
    assert [{"to": "KG", "size": 2, "receipted": 2}] == accord("status", nodes["KZ"], "--json").json["outgoing"]
    assert [] == [path.name for path in tmp_path.glob("*.new")]


def test_a_spoiled_file_is_the_other_members_turn(
    accord: Run,  # noqa: F811 - the fixture of that name.
    nodes: dict[str, Path],  # noqa: F811 - the fixture of that name.
    tmp_path: Path,
) -> None:
    file = tmp_path / "there.courier"
    accord("courier", "meet", nodes["KZ"], nodes["KG"] / "keys" / "keys.json")
    accord("courier", "pack", nodes["KZ"], file, "--to", "KG")
    file.write_bytes(file.read_bytes()[:-1])
    said = accord("courier", "open", nodes["KG"], file)
    assert (OTHERS_TURN, True) == (said.status, "courier: the file is not what its sender signed" in said.err)
    assert REFUSED == accord("courier", "open", nodes["KG"], tmp_path / "none").status
    assert REFUSED == accord("courier", "meet", nodes["KG"], tmp_path / "none").status
