"""Completion scripts made from the parser itself, so that they cannot lag behind it."""

from __future__ import annotations

import argparse


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """A script to source in bash, zsh or fish."""
    words = _words(parser)
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](words)


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


def _bash(words: dict[str, list[str]]) -> str:
    cases = "\n".join(
        f'    {name}) COMPREPLY=($(compgen -f -W "{" ".join(found)}" -- "$word"));;'
        for name, found in words.items()
    )
    return f"""_budgetod() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$word")); return
  fi
  case "${{COMP_WORDS[1]}}" in
{cases}
  esac
}}
complete -o filenames -F _budgetod budgetod"""


def _zsh(words: dict[str, list[str]]) -> str:
    return "autoload -U +X bashcompinit && bashcompinit\n" + _bash(words)


def _fish(words: dict[str, list[str]]) -> str:
    lines = [f'complete -c budgetod -n __fish_use_subcommand -a "{" ".join(words)}"']
    for name, found in words.items():
        condition = f'"__fish_seen_subcommand_from {name}"'
        for word in found:
            flag = f"-l {word[2:]}" if word.startswith("--") else f"-a {word}"
            lines.append(f"complete -c budgetod -n {condition} {flag}")
    return "\n".join(lines)
