# SPDX-License-Identifier: MIT
"""The completion that is made for a shell, in that shell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.host.test_man import PARSER, VERBS, options

PROJECT = Path(__file__).resolve().parents[2]
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"

# As readline does it: the function that is registered for the command fills COMPREPLY.
COMPLETE = r"""
. "$1" && . "$2" && shift 2
[[ $(complete -p cryptodev) =~ -F\ ([^ ]+) ]] || exit
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
"${BASH_REMATCH[1]}" cryptodev "${@: -1}" "${@: -2:1}"
printf '%s\n' "${COMPREPLY[@]}"
"""


def generate(shell: str, folder: Path) -> Path:
    """The completion for a shell."""
    script = folder / shell
    with script.open("wb") as output:
        command = [sys.executable, str(PROJECT / "install/completion.py"), shell]
        subprocess.run(command, stdout=output, check=True)
    return script


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The completion for bash."""
    return generate("bash", tmp_path_factory.mktemp("completion"))


def completions(script: Path, *words: str, cwd: Path = PROJECT) -> set[str]:
    """What bash offers for the last of the words behind `cryptodev`."""
    command = ["bash", "--norc", "-c", COMPLETE, "bash", BASH_COMPLETION, str(script)]
    done = subprocess.run(
        [*command, "cryptodev", *words], cwd=cwd, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return set(done.stdout.split())


def test_verbs(bash: Path) -> None:
    assert completions(bash, "") == set(VERBS)
    assert completions(bash, "e") == {"enc"}
    assert completions(bash, "-") == options(PARSER)


@pytest.mark.parametrize("verb", VERBS)
def test_options(verb: str, bash: Path) -> None:
    assert completions(bash, verb, "-") == options(VERBS[verb])


def test_choices_and_files(bash: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.key").touch()
    (tmp_path / "text").touch()
    assert completions(bash, "enc", "--key-format", "") == {"raw", "hex"}
    assert completions(bash, "enc", "--key-file", "sec", cwd=tmp_path) == {"secret.key"}
    assert completions(bash, "hash", "t", cwd=tmp_path) == {"text"}


def test_zsh(tmp_path: Path) -> None:
    text = generate("zsh", tmp_path).read_text(encoding="utf-8")
    assert text.startswith("#compdef cryptodev\n")
    for verb in VERBS.values():
        assert all(option in text for option in options(verb))
