"""Shows the progress of a deployment: each finished step as a line that stays and, on a
terminal, one line beneath that updates in place; plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from typing import Optional, TextIO

import cmg


def columns(out: TextIO) -> Optional[int]:
    """How many columns a line may have; None for no limit: it is no terminal."""
    return os.get_terminal_size(out.fileno()).columns or 80 if out.isatty() else None


def wrapped(label: str, text: str, indent: int, out: TextIO = sys.stdout) -> str:
    """A line that goes on beneath its text when it is too long for the terminal."""
    wide = columns(out)
    head = label.ljust(indent)
    return head + text if wide is None else textwrap.fill(
        text, wide - 1, initial_indent=head, subsequent_indent=" " * indent,
        break_long_words=False, break_on_hyphens=False)


class Display:
    """The progress of one operation."""

    def __init__(self, name: str, operation: cmg.Operation, *, sandbox: bool = True,
                 out: Optional[TextIO] = None) -> None:
        self.name = name
        self.sandbox = sandbox
        self.out = sys.stdout if out is None else out
        self.wide = columns(self.out)
        self.state = cmg.DeployState.IDLE
        self.began = time.monotonic()
        self.done = self.total = self.percent = self.remaining = 0
        self.current = ""
        self.show(f"\n{name}  {operation.name.lower().replace('_', ' ')}")

    @property
    def seconds(self) -> float:
        """Since the operation began."""
        return time.monotonic() - self.began

    def show(self, text: str, end: str = "\n") -> None:
        """Prints where it is shown."""
        print(text, end=end, file=self.out, flush=True)

    def clear(self) -> None:
        """Removes the line that updates in place."""
        if self.wide is not None:
            self.show("\r\033[K", end="")

    def draw(self) -> None:
        """Draws that line anew; nothing where there is no terminal."""
        if self.wide is None:
            return
        elapsed = int(self.seconds)
        line = (f"{self.name}  {self.state.name}  step {self.done} of {self.total}  "
                f"{self.percent} %  {elapsed // 60:02}:{elapsed % 60:02}, about "
                f"{self.remaining // 60:02}:{self.remaining % 60:02} left  {self.current}")
        self.show("\r\033[K" + line[:self.wide - 1], end="")

    def on_state(self, state: cmg.DeployState, _why: Optional[cmg.CmgError]) -> None:
        """A transition."""
        self.state = state
        if self.wide is None:
            self.show(f"{self.name}  {state.name}")

    def show_step(self, step: cmg.StepProgress) -> None:
        """A line that stays."""
        head = (f"  {self.percent:3} %  {step.title:<35} {step.state.name.lower():<7} "
                f"{step.elapsed_ms / 1000:5.1f} s")
        self.show(wrapped(head, step.message, len(head) + 3, self.out).rstrip())

    def on_step(self, step: cmg.StepProgress) -> None:
        """A step began, went on, or ended."""
        self.done, self.total = step.done, step.total
        self.percent, self.remaining = step.whole_percent, step.remaining_ms // 1000
        if step.state in (cmg.StepState.DONE, cmg.StepState.FAILED):
            self.clear()
            self.show_step(step)
        elif self.wide is None:
            if step.message and step.message != self.current:
                self.show_step(step)
            self.current = step.message
        else:
            self.current = step.title + (f": {step.message}" if step.message else "")
        self.draw()

    def on_prompt(self, prompt: cmg.SignInPrompt) -> None:
        """A person has to sign in."""
        self.clear()
        if prompt.kind is cmg.PromptKind.BROWSER:
            self.show("  To sign in, open this page in a browser here:\n"
                      f"  {prompt.browser_url}")
        else:
            self.show(f"  To sign in, open {prompt.verification_uri} and enter "
                      f"{prompt.user_code}"
                      + (" (the sandbox does)" if self.sandbox else ""))

    def on_consent(self, request: cmg.ConsentRequest) -> None:
        """An administrator has to consent."""
        self.clear()
        self.show(f"  {request.application} needs an administrator's consent to "
                  f"{request.permission}; open\n  {request.url}")

    def finish(self, end: cmg.DeployState) -> None:
        """The end state was reached."""
        self.clear()
        self.show(f"{self.name}  {end.name}  after {self.seconds:.1f} s")
