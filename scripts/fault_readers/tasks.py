"""The line of one topic for the readers.

    tasks.py FORMAT KIND TOPIC TRUTH FOLDER

A task is a line FORMAT, KIND, TOPIC, OFFSETS (of the messages with the fault, separated by commas), parted by tabs.

A reader prints a line for each message: READER, FORMAT/KIND, OFFSET, OUTCOME and its words (the record as text, or the
exception). Outcomes are value, null, nulls (a record of nulls alone), throws and dead (a dead letter). OFFSET is "all" for a
query of the whole topic that failed; lines after it are of one message alone. A message that is passed over has no line.

Adds to FOLDER/faults a line FORMAT/KIND, OFFSET, VARIANT for each fault: the kind, for bad_text also what is bad.
"""
import csv
import sys


def main():
    form, kind, topic, truth, folder = sys.argv[1:]
    offsets = []
    with open(truth) as file, open(f"{folder}/faults", "a") as faults:
        for row in csv.DictReader(file):
            if row["topic"] == topic:
                offsets.append(row["offset"])
                variant = f"{kind}: {row['found']}" if kind == "bad_text" else kind
                print(f"{form}/{kind}", row["offset"], variant, sep="\t", file=faults)
    if kind != "clean" and not offsets:
        sys.exit(f"{topic}: no message has the fault")
    print(form, kind, topic, ",".join(offsets), sep="\t")


if __name__ == "__main__":
    main()
