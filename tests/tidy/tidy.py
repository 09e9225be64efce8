#!/usr/bin/env python3
"""Rules of the sources that a compiler does not know: who may include whom, lengths, words."""
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(sys.argv[1])
MAY_INCLUDE = {
    "base": {"base"},
    "model": {"base", "model"},
    "engine": {"base", "model", "engine"},
    "schema": {"base", "model", "schema"},
    "encode": {"base", "model", "schema", "encode"},
    "registry": {"base", "model", "schema", "encode", "registry"},
    "kafka": {"base", "kafka"},
    "sink": {"base", "model", "schema", "encode", "kafka", "sink"},
    "sink/kafka": {"base", "model", "schema", "encode", "kafka", "sink", "sink/kafka"},
    "sink/file": {"base", "model", "schema", "encode", "sink", "sink/file"},
    "sink/spill": {"base", "model", "schema", "encode", "sink", "sink/spill"},
    "fault": {"base", "model", "schema", "encode", "kafka", "sink", "fault"},
    "pipeline": {"base", "model", "engine", "schema", "encode", "kafka", "sink", "fault", "pipeline"},
    "answer": {"base", "model", "engine", "schema", "encode", "kafka", "sink", "fault", "answer"},
    "verify": {"base", "model", "engine", "schema", "encode", "kafka", "sink", "fault", "pipeline", "verify"},
    "config": {"base", "model", "schema", "encode", "registry", "kafka", "sink", "config"},
    "app": {"base", "model", "engine", "schema", "encode", "registry", "kafka", "sink", "fault", "pipeline", "answer", "verify", "config", "app"},
}
# Third-party headers and the only places for them; app/version.c asks all of them for their version.
ONLY_IN = {
    "librdkafka/": r"src/kafka/.*|src/sink/kafka/.*|src/verify/kafka.*",
    "curl/": r"src/registry/.*",
    "zlib.h": r"src/sink/file/(de)?compress\.c",
    "zstd.h": r"src/sink/file/(de)?compress\.c",
    "jansson.h": r"src/config/.*|src/(encode|schema)/.*|src/registry/.*|src/sink/((file|spill)/manifest.*|kafka/standstill\.c)|src/verify/payload_json\.c|src/answer/(query|output|message|avro_row)\.c|src/answer/(internal|avro_row)\.h",
    "avro.h": r"src/schema/.*|src/verify/payload_avro\.c",
    "xxhash.h": r"src/encode/topic\.c|src/model/dataset\.c|src/pipeline/digest\.c|src/sink/((file|spill)/.*|kafka/watch\.c)",
    "threads.h": r"(?!)",
}
COLUMNS, FUNCTION_LINES, FILE_LINES = 100, 70, 800
WORDS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|/root/|/home/[a-z]+/")
# What sinks, formats and types are, their traits and tables say; only the option parser knows them by name.
BY_NAME = re.compile(r'str(n|case)*cmp\([^;]*"(auto|kafka|file|null|avro|csv|json|call|sms|data)"')
NAMES_KNOWN = ("src/config/",)
# Elsewhere a table names what implements it, or a module is parted into files that share its header.
ONE_WAY = ("app", "base", "engine", "pipeline")
faults = []


def fault(path, line, text):
    faults.append(f"{path.relative_to(TOP)}:{line}: {text}")


def may_include(layer, folder):
    """A folder's own rooms have rules of their own; whoever else may include the folder may include them, too."""
    top = folder.split("/")[0]
    return folder in MAY_INCLUDE[layer] or (top in MAY_INCLUDE[layer] and top != layer.split("/")[0])


def check_includes(path, number, line):
    layer = str(path.parent.relative_to(TOP / "src"))
    ours = re.match(r'#\s*include "([a-z_/]+)/', line)
    if ours and not may_include(layer, ours.group(1)):
        fault(path, number, f"src/{layer} may not include {ours.group(1)}/")
    inside = re.match(r'#\s*include "(.*/)?([a-z_]*internal\.h)"', line)
    if inside and inside.group(1) != f"{path.parent.relative_to(TOP / 'src')}/":
        fault(path, number, f"{inside.group(2)} is for the files of {inside.group(1)} only")
    theirs = re.match(r"#\s*include <([^>]+)>", line)
    for header, places in ONLY_IN.items():
        if theirs and theirs.group(1).startswith(header):
            name = str(path.relative_to(TOP))
            if not re.fullmatch(places, name) and name != "src/app/version.c":
                fault(path, number, f"<{theirs.group(1)}> is not to be included here")


def check_source(path):
    lines = path.read_text().splitlines()
    if len(lines) > FILE_LINES:
        fault(path, len(lines), f"a file has at most {FILE_LINES} lines")
    start = None
    for number, line in enumerate(lines, 1):
        check_includes(path, number, line)
        if BY_NAME.search(line) and not str(path.relative_to(TOP)).startswith(NAMES_KNOWN):
            fault(path, number, "a comparison with a name; ask for a trait, or a row of the table")
        if line != line.rstrip():
            fault(path, number, "spaces at the end of the line")
        if len(line) > COLUMNS:
            fault(path, number, f"{len(line)} columns, at most {COLUMNS}")
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            if number - start > FUNCTION_LINES:
                fault(path, start, f"a function of {number - start} lines, at most {FUNCTION_LINES}")
            start = None


def check_headers():
    sources = sorted((TOP / "src").rglob("*.[ch]")) + sorted((TOP / "tests").rglob("*.[ch]"))
    included = set()
    for path in sources:
        included |= set(re.findall(r'#\s*include "([^"]+)"', path.read_text()))
    tags = {}
    for path in sorted((TOP / "src").rglob("*.[ch]")):
        for tag in re.findall(r"^struct (cdr_\w+) \{", path.read_text(), re.M):
            if tag in tags:
                fault(path, 1, f"struct {tag} is defined in {tags[tag]}, too")
            tags[tag] = path.relative_to(TOP)
    for path in (TOP / "src").rglob("*.h"):
        if str(path.relative_to(TOP / "src")) not in included and path.name not in included:
            fault(path, 1, "nobody includes it")


def check_circles():
    """In these folders modules, NAME.c with NAME.h, build on one another in one direction only."""
    uses = {}
    for path in sorted(path for folder in ONE_WAY for path in (TOP / "src" / folder).glob("*.[ch]")):
        module = str(path.relative_to(TOP / "src").with_suffix(""))
        found = {name.removesuffix(".h") for name in re.findall(r'#\s*include "([^"]+)"', path.read_text())}
        uses.setdefault(module, set()).update(found - {module})

    def visit(module, way):
        if module in way:
            fault(TOP / "src" / f"{module}.h", 1, "a circle: " + " > ".join(way[way.index(module):] + [module]))
        elif module not in done:
            for used in sorted(uses.get(module, ())):
                visit(used, way + [module])
            done.add(module)

    done = set()
    for module in sorted(uses):
        visit(module, [])


def check_words():
    files = subprocess.run(["git", "-C", str(TOP), "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True)
    for name in files.stdout.split("\n"):
        path = TOP / name
        if not path.is_file() or path.suffix in (".txt",) or path == pathlib.Path(__file__).resolve():
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if WORDS.search(line):
                fault(path, number, f"a word that is not to stand here: {WORDS.search(line).group(0)}")


for source in sorted((TOP / "src").rglob("*.[ch]")):
    check_source(source)
check_headers()
check_circles()
check_words()
print("\n".join(faults) or "tidy")
sys.exit(1 if faults else 0)
