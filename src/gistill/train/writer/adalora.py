"""What AdaLoRA needs besides its adapter: ranks given out as it trains, and a checkpoint it can go on from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gistill.files import beside

_SAVED = "adalora.safetensors"
_AVERAGES = ("ipt", "exp_avg_ipt", "exp_avg_unc")  # what the allocator knows of each weight's importance


def allocator() -> Any:
    """Make the callback that prunes ranks after each step and keeps in each checkpoint what PEFT does not."""
    from safetensors.torch import save_file
    from transformers import TrainerCallback

    class Allocator(TrainerCallback):
        def on_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
            model.base_model.update_and_allocate(state.global_step + 1)

        def on_save(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
            allocating = model.base_model.rankallocator
            kept = {f"weight {n}": p.detach().contiguous() for n, p in model.named_parameters() if p.requires_grad}
            for average in _AVERAGES:
                kept |= {f"{average} {n}": v.contiguous() for n, v in getattr(allocating, average).items()}
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            pattern = json.dumps(model.peft_config["default"].rank_pattern)
            with beside(folder / _SAVED) as part:
                save_file(kept, part, metadata={"rank_pattern": pattern})

    return Allocator()


def is_whole(checkpoint: Path) -> bool:
    """Say whether a checkpoint holds all that AdaLoRA needs to go on."""
    return (checkpoint / _SAVED).is_file()


def restore(model: Any, checkpoint: Path) -> None:
    """Load what `allocator` saved: weights before pruning, importances, and the ranks given out so far."""
    from safetensors import safe_open

    allocating, weights = model.base_model.rankallocator, dict(model.named_parameters())
    with safe_open(checkpoint / _SAVED, framework="pt") as saved:
        for name in saved.keys():  # noqa: SIM118 - not a dict
            kind, _, parameter = name.partition(" ")
            values = saved.get_tensor(name)
            if kind == "weight":
                weights[parameter].data.copy_(values)
            else:
                getattr(allocating, kind)[parameter] = values.to(weights[parameter].device)
        model.peft_config["default"].rank_pattern = json.loads(saved.metadata()["rank_pattern"])
