"""Completion scripts made from the parser itself, so that they cannot lag behind it."""

from __future__ import annotations

import argparse


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """A script to source in bash, zsh or fish."""
    make = {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell]
    return make(_own(parser), _words(parser))


def _words(parser: argparse.ArgumentParser) -> dict[str, list[str]]:
    """Options and choices of each sub-command."""
    found: dict[str, list[str]] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, sub in action.choices.items():
                nested = [word for words in _words(sub).values() for word in words]
                found[name] = [*_own(sub), *_words(sub), *nested]
    return found


def _own(parser: argparse.ArgumentParser) -> list[str]:
    words: list[str] = []
    for action in parser._actions:
        words += [option for option in action.option_strings if option.startswith("--")]
        if action.choices and not isinstance(action, argparse._SubParsersAction):
            words += [str(choice) for choice in action.choices]
    return words


def _bash(first: list[str], words: dict[str, list[str]]) -> str:
    cases = "\n".join(
        f'    {name}) COMPREPLY=($(compgen -f -W "{" ".join(found)}" -- "$word")); return;;'
        for name, found in words.items()
    )
    return f"""_budgetod() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" typed
  for typed in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$typed" in
{cases}
    esac
  done
  COMPREPLY=($(compgen -W "{" ".join([*words, *first])}" -- "$word"))
}}
complete -o filenames -F _budgetod budgetod"""


def _zsh(first: list[str], words: dict[str, list[str]]) -> str:
    return "autoload -U +X bashcompinit && bashcompinit\n" + _bash(first, words)


def _fish(first: list[str], words: dict[str, list[str]]) -> str:
    lines = [_fish_word("__fish_use_subcommand", word) for word in (*words, *first)]
    for name, found in words.items():
        lines += [_fish_word(f"__fish_seen_subcommand_from {name}", word) for word in found]
    return "\n".join(lines)


def _fish_word(condition: str, word: str) -> str:
    flag = f"-l {word[2:]}" if word.startswith("--") else f"-a {word}"
    return f'complete -c budgetod -n "{condition}" {flag}'
