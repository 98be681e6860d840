"""Peers: other programs that raise alerts, each behind a small adapter.

An adapter is a program that is given a capture and prints one line an alert: time in Unix seconds, source,
destination, and what it is, apart by tabs. Given --version it prints its name and version, or ends with a status that
is not 0 where the peer is not installed. Those in the folder beside this file are tried; --peer NAME=COMMAND adds one.
"""

import pathlib
import shlex
import subprocess

import match

FOLDER = pathlib.Path(__file__).parent / "peers"


class Peer:
    def __init__(self, name, command, version):
        self.name, self.command, self.version = name, command, version

    def alerts(self, capture):
        done = subprocess.run([*self.command, str(capture)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{self.name}: status {done.returncode}: {done.stderr.strip()}")
        return list(match.alerts(done.stdout.splitlines()))


def installed(more):
    """The peers that are there."""
    commands = [(path.name, [str(path)]) for path in sorted(FOLDER.iterdir())]
    commands += [(name, shlex.split(command)) for name, _, command in (each.partition("=") for each in more)]
    for name, command in commands:
        done = subprocess.run([*command, "--version"], capture_output=True, text=True)
        if done.returncode == 0:
            yield Peer(name, command, done.stdout.strip())
