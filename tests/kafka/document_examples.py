#!/usr/bin/env python3
"""Runs the examples of documents, one after the other, as a reader would who types them, and compares what comes out.

    document_examples.py FOLDER DOCUMENT…

Every fenced block that is marked `sh`, or whose text begins with `$ `, is run. All blocks of all documents share one bash,
which starts in FOLDER, so variables, files and topics stay from one example to the next.

A block of `sh` is one script: each command must succeed, and what it prints is not looked at. In a block that begins with
`$ `, every command's output, both streams, must be what is shown beneath it:

- a line that is only `…` stands for any number of lines, `…` within a line for any text;
- what differs from run to run is masked on both sides: see MASKS;
- a command must succeed, unless the next one is `echo $?`, which shows how it ended;
- `^C` as the first line of the output interrupts the command a second after it has begun its work.

A block that cannot run has a comment on the line above it, `<!-- not run: why -->`. Blocks that are no commands have another
mark, such as `text` or `json`; one without a mark that does not begin with `$ ` is an error.
"""
import os
import re
import signal
import subprocess
import sys
import time

COMMAND_TIMEOUT_S = 120
INTERRUPT_AFTER_S, INTERRUPT_AFTER_MAX_S = 1.0, 60.0
TOO_EARLY = "interrupted before the run began to write"
ONE_CPU_S = 5.0
MASKS = [
    (r"in [\d.,]+ s \([\d,]+/s, [\d,]+ ns of CPU each\), peak memory \d+ MB", "in TIME"),
    (r"in [\d.,]+ s \([\d,]+/s\)", "in TIME"),
    (r"at most [\d.]+ s behind schedule", "BEHIND"),
    (r"(127\.0\.0\.1|localhost):\d+", "ADDRESS"),
]


class Failure(Exception):
    pass


class Block:
    def __init__(self, place, mark, lines, reason):
        self.place, self.mark, self.lines, self.reason = place, mark, lines, reason
        self.shows_output = bool(lines) and lines[0].startswith("$ ")
        self.runs = self.shows_output or mark == "sh"


def blocks_of(document):
    """The fenced blocks of a document, in order."""
    reason, block, found = None, None, []
    with open(document, encoding="utf-8") as text:
        for number, line in enumerate(text.read().splitlines(), 1):
            if block is None:
                fence = re.match(r"```(\S*)", line)
                if fence:
                    block = (f"{os.path.basename(document)}:{number}", fence.group(1), [])
                elif line.strip():
                    comment = re.fullmatch(r"<!-- not run: (.+) -->", line.strip())
                    reason = comment and comment.group(1)
            elif line.startswith("```"):
                found.append(Block(*block, reason))
                block, reason = None, None
            else:
                block[2].append(line)
    if block:
        raise Failure(f"{block[0]}: this block has no end")
    return found


def is_complete(command):
    """Whether bash would run what was typed so far, rather than wait for another line."""
    if command.endswith("\\"):
        return False
    parsed = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, check=False)
    return parsed.returncode == 0 and "here-document" not in parsed.stderr


def examples_of(block):
    """(command, lines of its output) for each `$ ` of the block."""
    examples, lines = [], list(block.lines)
    while lines:
        command = lines.pop(0)
        if not command.startswith("$ "):
            raise Failure(f"{block.place}: this is no command: {command}")
        command = command[2:]
        while not is_complete(command):
            if not lines:
                raise Failure(f"{block.place}: this command has no end: {command}")
            command += "\n" + lines.pop(0)
        output = []
        while lines and not lines[0].startswith("$ "):
            output.append(lines.pop(0))
        examples.append((command, output))
    return examples


def masked(line):
    for pattern, word in MASKS:
        line = re.sub(pattern, word, line)
    return line.rstrip()


def same_line(shown, line):
    return re.fullmatch(".*".join(re.escape(part) for part in masked(shown).split("…")), masked(line)) is not None


def same(shown, lines):
    """Whether the lines are those that are shown. Each `…` line takes as few as it can, or any number if it is the last."""
    while shown and shown[0].strip() != "…":
        if not lines or not same_line(shown[0], lines[0]):
            return False
        shown, lines = shown[1:], lines[1:]
    if not shown:
        return not lines
    return any(same(shown[1:], lines[start:]) for start in range(len(lines) + 1))


def is_at_work(pid, elapsed_s):
    """Whether a process handles SIGINT and has started a thread of its own, not one of a library, which has another name.
    Sooner, an interrupt would show what happens before a run begins. With one CPU there is no such thread."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            caught = int(re.search(r"^SigCgt:\s*([0-9a-f]+)", status.read(), re.M).group(1), 16)
        names = []
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/comm", encoding="ascii") as name:
                names.append(name.read().strip())
        with open(f"/proc/{pid}/comm", encoding="ascii") as name:
            own = name.read().strip()
    except FileNotFoundError:
        return False
    handles = own != "bash" and caught >> (signal.SIGINT - 1) & 1
    return handles and (names.count(own) > 1 or elapsed_s > ONE_CPU_S)


class Shell:
    """One bash for all examples. Standard input of the commands is empty; their output goes to a file."""

    def __init__(self, folder, work):
        self.script, self.output, self.status = (os.path.join(work, name) for name in ("script", "output", "status"))
        os.mkfifo(self.status)
        self.process = subprocess.Popen(["bash"], stdin=subprocess.PIPE, cwd=folder, text=True)

    def children(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as children:
            return [int(pid) for pid in children.read().split()]

    def interrupt(self, after_s):
        """Ctrl-C for the command that runs, so long after it has begun its work."""
        begin = time.monotonic()
        while time.monotonic() < begin + COMMAND_TIMEOUT_S:
            for pid in self.children():
                if is_at_work(pid, time.monotonic() - begin):
                    time.sleep(after_s)
                    os.kill(pid, signal.SIGINT)
                    return
            time.sleep(0.05)
        raise Failure("nothing that can be interrupted was started")

    def run(self, text, before=0, interrupt_after_s=None):
        """Its exit status and the lines of its output. What `$?` is at its beginning is given in before."""
        with open(self.script, "w", encoding="utf-8") as script:
            script.write(text + "\n")
        self.process.stdin.write(
            f'(exit {before}); source {self.script} >{self.output} 2>&1 </dev/null; echo "$?" >{self.status}\n')
        self.process.stdin.flush()
        if interrupt_after_s is not None:
            self.interrupt(interrupt_after_s)
        status = self.wait()
        with open(self.output, encoding="utf-8", errors="replace") as output:
            return status, output.read().splitlines()

    def wait(self):
        def too_long(*_):
            raise Failure(f"did not end within {COMMAND_TIMEOUT_S} s")
        signal.signal(signal.SIGALRM, too_long)
        signal.alarm(COMMAND_TIMEOUT_S)
        with open(self.status, encoding="ascii") as status:
            code = int(status.read())
        signal.alarm(0)
        return code

    def close(self):
        for pid in self.children():
            os.kill(pid, signal.SIGKILL)
        self.process.stdin.close()
        self.process.wait()


def indented(lines):
    return "\n".join("    " + line for line in lines)


def run_script(shell, block):
    # In a subshell each command's failure would end it, but then no variable would stay.
    text = "\n".join(block.lines)
    status, lines = shell.run(f"trap 'failed=$?; trap - ERR; return $failed' ERR\n{text}\ntrap - ERR")
    if status != 0:
        raise Failure(f"status {status} of\n{indented(block.lines)}\nwhich printed\n{indented(lines)}")


def run_examples(shell, block):
    examples = examples_of(block)
    before = 0
    for position, (command, shown) in enumerate(examples):
        interrupted = shown[:1] == ["^C"]
        shown = shown[1:] if interrupted else shown
        after_s = INTERRUPT_AFTER_S if interrupted else None
        status, lines = shell.run(command, before, after_s)
        # On a busy machine a run may take longer than that to begin. It has changed nothing then.
        while interrupted and after_s < INTERRUPT_AFTER_MAX_S and any(TOO_EARLY in line for line in lines):
            after_s *= 2
            status, lines = shell.run(command, before, after_s)
        before = status
        if not same(shown, lines):
            raise Failure(f"$ {command}\nshown is\n{indented(shown)}\nand it printed\n{indented(lines)}")
        explained = position + 1 < len(examples) and examples[position + 1][0] == "echo $?"
        if before != 0 and not explained:
            raise Failure(f"$ {command}\nends with status {before}, and no `echo $?` says that it does")


def run_document(shell, document):
    """How many blocks ran, and how many are marked as not run."""
    ran = left_out = 0
    for block in blocks_of(document):
        try:
            if not block.mark and not block.shows_output:
                raise Failure("this block has no mark, and does not begin with `$ `: is it sh, text, json?")
            if not block.runs:
                continue
            if block.reason:
                print(f"{block.place}: not run: {block.reason}")
                left_out += 1
                continue
            begin = time.monotonic()
            (run_examples if block.shows_output else run_script)(shell, block)
            print(f"{block.place}: {time.monotonic() - begin:.1f} s", flush=True)
            ran += 1
        except Failure as failure:
            raise Failure(f"{block.place}: {failure}") from None
    return ran, left_out


def main():
    folder, documents = sys.argv[1], sys.argv[2:]
    work = os.path.join(folder, ".examples")
    os.makedirs(work)
    shell = Shell(folder, work)
    try:
        for document in documents:
            ran, left_out = run_document(shell, document)
            print(f"{document}: {ran} blocks ran, {left_out} are marked as not run")
            if ran == 0:
                raise Failure(f"{document}: no block was run: is this looking in the right place?")
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
    finally:
        shell.close()


if __name__ == "__main__":
    main()
