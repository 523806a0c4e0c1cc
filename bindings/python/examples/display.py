"""Shows the progress of a deployment: each finished step as a line that stays and, on a
terminal, one line beneath that updates in place; plain lines elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Optional

import cmg


class Display:
    """The progress of one operation."""

    def __init__(self, name: str, operation: cmg.Operation) -> None:
        self.name = name
        self.terminal = sys.stdout.isatty()
        self.state = cmg.DeployState.IDLE
        self.began = time.monotonic()
        self.done = self.total = 0
        self.current = ""
        print(f"\n{name}  {operation.name.lower()}")

    @property
    def seconds(self) -> float:
        """Since the operation began."""
        return time.monotonic() - self.began

    def clear(self) -> None:
        """Removes the line that updates in place."""
        if self.terminal:
            print("\r\033[K", end="")

    def draw(self) -> None:
        """Draws that line anew; nothing where there is no terminal."""
        if not self.terminal:
            return
        elapsed = int(self.seconds)
        line = (f"{self.name}  {self.state.name}  step {self.done} of {self.total}  "
                f"{elapsed // 60:02}:{elapsed % 60:02}  {self.current}")
        print("\r\033[K" + line[:shutil.get_terminal_size().columns - 1], end="", flush=True)

    def on_state(self, state: cmg.DeployState, _why: Optional[cmg.CmgError]) -> None:
        """A transition."""
        self.state = state
        if not self.terminal:
            print(f"{self.name}  {state.name}", flush=True)

    @staticmethod
    def head(step: cmg.StepProgress) -> str:
        """What the line of a step begins with."""
        return (f"  {step.title:<31} {step.state.name.lower():<7} "
                f"{step.elapsed_ms / 1000:5.1f} s")

    def on_step(self, step: cmg.StepProgress) -> None:
        """A step began, went on, or ended."""
        self.done, self.total = step.done, step.total
        if step.state in (cmg.StepState.DONE, cmg.StepState.FAILED):
            self.clear()
            print(f"{self.head(step)}   step {step.done:2} of {step.total}   {step.message}",
                  flush=True)
        elif not self.terminal:
            if step.message and step.message != self.current:
                print(f"{self.head(step)}   {step.message}", flush=True)
            self.current = step.message
        else:
            percent = "" if step.percent is None else f" {step.percent} %"
            self.current = step.title + (f": {step.message}" if step.message else "") + percent
        self.draw()

    def on_prompt(self, prompt: cmg.SignInPrompt) -> None:
        """A person has to sign in."""
        self.clear()
        print(f"  To sign in, open {prompt.verification_uri} and enter {prompt.user_code} "
              "(the sandbox does it for you)", flush=True)

    def finish(self, end: cmg.DeployState) -> None:
        """The end state was reached."""
        self.clear()
        print(f"{self.name}  {end.name}  after {self.seconds:.1f} s", flush=True)
