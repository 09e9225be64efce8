"""Tables, in Markdown, of what each reader made of each kind of fault.

    tables.py FAULTS OUTPUT…: tasks.py says what the files hold.

A message counts as "right" if a reader gives the same record for the faulty message as for the clean one at its offset, and
as "other" if it gives another one. Also on stdout: the first words of each exception, and messages without a fault that were
not read right.
"""
import sys
from collections import Counter, defaultdict

READERS = {
    "avro-java": "Avro for Java", "avro-java-reader": "Avro for Java, reader's schema", "apicurio": "Apicurio's serde",
    "python": "Confluent's Python / json", "jackson": "Jackson", "connect-all": "Connect, tolerance all",
    "connect-none": "Connect, tolerance none", "flink": "Flink", "flink-ignore": "Flink, ignore-parse-errors",
    "spark-permissive": "Spark, PERMISSIVE", "spark-failfast": "Spark, FAILFAST",
}
WORDS = ("right", "other", "null", "nulls", "throws", "dead", "skipped")


def load(paths):
    outcomes, ends = defaultdict(dict), {}
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, kind, offset, outcome, words = line.rstrip("\n").split("\t", 4)
                if offset == "all":
                    ends[name, kind] = words
                else:  # of one message alone: after that of the whole topic
                    outcomes[name, kind][int(offset)] = (outcome, words)
    return outcomes, ends


def judge(outcomes, name, kind, offset):
    found = outcomes[name, kind].get(offset)
    if found is None:
        return "skipped"
    if found[0] == "value":
        return "right" if found == outcomes[name, clean_of(kind)].get(offset) else "other"
    return found[0]


def clean_of(kind):
    return kind.split("/")[0] + "/clean"


def spoiled(outcomes, ends, name, kind, hit):
    """Messages without a fault that were not read right. Where reading ended, only those that were read."""
    found = outcomes[name, kind]
    return [offset for offset, of in outcomes[name, clean_of(kind)].items()
            if offset not in hit and found.get(offset, of if (name, kind) in ends else None) != of]


def cell(outcomes, ends, name, kind, offsets, hit):
    if name == "connect-none" and (name, kind) in ends:
        dead = any(judge(outcomes, "connect-all", kind, offset) == "dead" for offset in offsets)
        return "the task fails" if dead else "not run alone"
    counts = Counter(judge(outcomes, name, kind, offset) for offset in offsets)
    words = ", ".join(word if counts[word] == len(offsets) else f"{word} {counts[word]}" for word in WORDS if counts[word])
    others = spoiled(outcomes, ends, name, kind, hit)
    thrown = any(judge(outcomes, name, kind, offset) == "throws" for offset in hit)
    if (name, kind) in ends and not thrown:
        words += "; then the job fails"
    return words + (f"; {len(others)} good ones spoiled" if others else "")


def main():
    faults, hit = defaultdict(lambda: defaultdict(list)), defaultdict(set)
    with open(sys.argv[1]) as lines:
        for line in lines:
            kind, offset, variant = line.rstrip("\n").split("\t")
            faults[kind.split("/")[0]][kind, variant].append(int(offset))
            hit[kind].add(int(offset))
    outcomes, ends = load(sys.argv[2:])
    for form, rows in faults.items():
        names = [name for name in READERS if (name, f"{form}/clean") in outcomes]
        print(f"\n{form}\n\n| kind | messages | " + " | ".join(READERS[name] for name in names) + " |")
        print("|---|---" + "|---" * len(names) + "|")
        for (kind, variant), offsets in rows.items():
            cells = [cell(outcomes, ends, name, kind, offsets, hit[kind]) for name in names]
            print(f"| `{variant}` | {len(offsets)} | " + " | ".join(cells) + " |")
    print()
    for (name, kind), end in sorted(ends.items()):
        print(f"{name}, {kind}, the whole topic: {end[:160]}")
    for (name, kind), found in sorted(outcomes.items()):
        words = Counter((outcome, words[:90]) for offset, (outcome, words) in found.items()
                        if offset in hit[kind] and outcome in ("throws", "dead"))
        for (outcome, text), number in words.most_common(3):
            print(f"{name}, {kind}: {outcome}: {number} x {text}")


if __name__ == "__main__":
    main()
