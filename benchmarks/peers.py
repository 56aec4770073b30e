"""The other TAXII 2.1 servers, as `pip install` gives them: each in a scratch environment of its own, never beside Accord's dependencies.

medallion 3.0.0 keeps everything in memory and looks through all of it for each request: its time grows with the square of what is stored, so it
is measured at 1,000 objects. OpenTAXII 0.9.3 answers 500 to every question about collections with the libraries of today and of its own year
(its identifiers have no JSON form; mended after the release, and not released): what it does is asked and told, and nothing more can be measured.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from benchmarks import corpus
from benchmarks.stand import HOST, Target, basic, free_port, process, wait_for

MEDALLION = ("medallion==3.0.0",)
OPENTAXII = ("opentaxii==0.9.3", "sqlalchemy>=1.4,<2", "marshmallow<4", "gunicorn")
MEDALLION_OBJECTS = 1_000
_COLLECTION = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
_EMPTY = "52892447-4d7e-4f70-b94d-d7f22742ff63"
_USER, _PASSWORD = "bench", "invented-for-a-measurement"
_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


@contextmanager
def medallion(scratch: Path, *, stored: int = MEDALLION_OBJECTS) -> Iterator[Target]:
    """medallion with its memory back end."""
    python = _environment(scratch / "medallion", MEDALLION)
    port = free_port()
    (scratch / "data.json").write_text(json.dumps(_medallion_data(stored)))
    settings = {
        "backend": {
            "module": "medallion.backends.memory_backend",
            "module_class": "MemoryBackend",
            "filename": str(scratch / "data.json"),
        },
        "users": {_USER: _PASSWORD},
        "taxii": {"max_page_size": 100_000},
    }
    (scratch / "medallion.json").write_text(json.dumps(settings))
    command = [
        str(python.parent / "medallion"),
        "--host",
        HOST,
        "--port",
        str(port),
        "--log-level",
        "ERROR",
        str(scratch / "medallion.json"),
    ]
    with process(command, quiet=True) as pid:
        wait_for(port)
        path, written = (f"/bench/collections/{collection}/objects/" for collection in (_COLLECTION, _EMPTY))
        yield Target(f"medallion 3.0.0 at {stored:,}", port, path, basic(_USER, _PASSWORD), pid, written)


@contextmanager
def opentaxii(scratch: Path) -> Iterator[Target]:
    """OpenTAXII on SQLite, with one empty collection."""
    python = _environment(scratch / "opentaxii", OPENTAXII)
    port = free_port()
    for left in ("data.db", "auth.db"):
        (scratch / left).unlink(missing_ok=True)
    (scratch / "opentaxii.yml").write_text(
        f"""
domain: "{HOST}:{port}"
support_basic_auth: yes
auth_api:
  class: opentaxii.auth.sqldb.SQLDatabaseAPI
  parameters: {{db_connection: "sqlite:///{scratch}/auth.db", create_tables: yes, secret: {"bench" * 8}, token_ttl_secs: 86400}}
taxii1:
taxii2:
  persistence_api:
    class: opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI
    parameters: {{db_connection: "sqlite:///{scratch}/data.db", create_tables: yes}}
  title: bench
  public_discovery: true
  max_content_length: 209715200
logging: {{opentaxii: error, root: error}}
"""
    )
    environment = {**os.environ, "OPENTAXII_CONFIG": str(scratch / "opentaxii.yml")}
    root = subprocess.run(
        [str(python), "-c", _OPENTAXII_COLLECTION, f"sqlite:///{scratch}/data.db"], check=True, capture_output=True, text=True
    ).stdout.strip()
    account = [str(python.parent / "opentaxii-create-account"), "--username", _USER, "--password", _PASSWORD]
    subprocess.run(account, check=True, capture_output=True, env=environment)
    with closing(sqlite3.connect(scratch / "auth.db")) as connection, connection:  # This release ignores --admin.
        connection.execute("update accounts set is_admin = 1")
    command = [
        str(python.parent / "gunicorn"),
        "opentaxii.http:app",
        "--bind",
        f"{HOST}:{port}",
        "--workers",
        "2",
        "--log-level",
        "critical",
    ]
    with process(command, environment=environment, quiet=True) as pid:
        wait_for(port)
        yield Target("OpenTAXII 0.9.3", port, f"/taxii2/{root}/collections/{_COLLECTION}/objects/", basic(_USER, _PASSWORD), pid)


_OPENTAXII_COLLECTION = f"""
import sys, uuid, sqlalchemy
from opentaxii.persistence.sqldb import taxii2models as models
engine = sqlalchemy.create_engine(sys.argv[1])
models.Base.metadata.create_all(engine)
root = uuid.uuid4()
with engine.begin() as connection:
    connection.execute(models.ApiRoot.__table__.insert(), [dict(id=root, default=True, title="bench", description="", is_public=False)])
    connection.execute(models.Collection.__table__.insert(), [dict(id=uuid.UUID("{_COLLECTION}"), api_root_id=root, title="bench",
        description="", alias=None, is_public=False, is_public_write=False)])
print(root)
"""


def _medallion_data(stored: int) -> dict[str, object]:
    media = ["application/stix+json;version=2.1"]
    objects, manifest = [], []
    for number, item in zip(count(), corpus.objects(stored), strict=False):
        marked = (
            item if "modified" in item else {**item, "_date_added": "1970-01-01T00:00:00.000Z"}
        )  # Its own sign of an object without versions.
        added = f"{_BEGAN + timedelta(microseconds=100 * number):%Y-%m-%dT%H:%M:%S.%fZ}"
        version = item.get("modified", "1970-01-01T00:00:00.000Z")
        objects.append(marked)
        manifest.append({"id": item["id"], "date_added": added, "version": version, "media_type": media[0]})
    rights = {"title": "bench", "can_read": True, "can_write": True, "media_types": media}
    collections = [
        {"id": _COLLECTION, **rights, "objects": objects, "manifest": manifest},
        {"id": _EMPTY, **rights, "objects": [], "manifest": []},
    ]
    root = {"title": "bench", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 104_857_600}
    return {
        "/discovery": {"title": "medallion", "default": "/bench/", "api_roots": ["/bench/"]},
        "bench": {"information": root, "status": [], "collections": collections},
    }


def _environment(folder: Path, requirements: tuple[str, ...]) -> Path:
    """The interpreter of a scratch environment with these; made once for a scratch folder."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"installing {requirements[0]} into {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements], check=True)
    return python
