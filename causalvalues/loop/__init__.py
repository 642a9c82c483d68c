"""The closed loop: plan, ask the model, compare predicted with achieved, update, again."""

from causalvalues.loop.running import LoopRun, read_loop, run_steer_loop
from causalvalues.loop.settings import LoopSettings

__all__ = ["LoopRun", "LoopSettings", "read_loop", "run_steer_loop"]
