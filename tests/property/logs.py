"""What property tests share: running cdrgen, summaries, and logs read from the file sink's parts."""
import json
import os
import pathlib
import subprocess
import tempfile

PROGRAM = os.environ["CDRGEN"]
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("CDRGEN_") or k == "CDRGEN_TEST_BROKERS"}


def run(flags, **more):
    """Runs `cdrgen run FLAGS` and returns its summary."""
    command = [PROGRAM, "run", "--quiet", "--summary", "-"] + flags.split()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False, **more)
    if done.returncode != 0:
        raise SystemExit(f"cdrgen run {flags}: ended with {done.returncode}: {done.stderr.decode().strip()}")
    return json.loads(done.stdout)


def topics(summary):
    """Figures that must not depend on how a run is done; by topic's last name, so that prefixes do not matter."""
    return {name.rpartition(".")[2]: {"digest": t["digest"], "sum": t["sum"], "records": t["records"], "bytes": t["bytes"],
                                      "partitions": {p["partition"]: (p["records"], p["bytes"], p["digest"], p["sum"])
                                                     for p in t["partitions"]}}
            for name, t in summary["topics"].items()}


def same(wanted, found, what):
    if wanted != found:
        raise SystemExit(f"{what}: differs\n  wanted {wanted}\n  found  {found}")


def read_logs(folder):
    """{(topic, partition): bytes of the log} of a folder of CSV or JSON files."""
    logs = {}
    for part in sorted(pathlib.Path(folder).glob("*/date=*/part-*"), key=lambda p: (p.parts[-3], p.name)):
        topic, partition = part.parts[-3], int(part.name.split("-")[1])
        data = part.read_bytes()
        if part.suffix == ".csv":
            data = data[data.index(b"\n") + 1:]
        logs[topic, partition] = logs.get((topic, partition), b"") + data
    return logs


def folder():
    return tempfile.TemporaryDirectory(prefix="cdrgen-property-")
