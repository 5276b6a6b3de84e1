"""What runs, as /proc tells it."""

from pathlib import Path


def processes_with(variable):
    """The processes that were started with this environment variable, such as DATA_DIR=/x."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if variable.encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def children(parent, word=""):
    """The numbers of the processes that it began and that still run, oldest first; `word` is in their command."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            status, command = (path / "stat").read_text(), (path / "cmdline").read_text()
        except OSError:
            continue
        state, its_parent, *others = status.rpartition(")")[2].split()
        if word in command and int(its_parent) == parent and state != "Z":
            found[int(path.name)] = int(others[17])  # when it started
    return sorted(found, key=found.get)


def work_of(process):
    """How much it has computed so far, in ticks of the clock."""
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return int(user) + int(system)
