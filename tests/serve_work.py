"""The process of a job as `gistill.serve.work` has it, but the digest is made at once and does what its file says."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from gistill.serve import work
from sample_digest import sample_digest


def digest(job: dict[str, Any], setup: dict[str, Any], say: Any) -> dict[str, Any]:
    """Stand for `work.digest`. The first line is `sleep SECONDS`, `die`, `swell`, `fill`, `raise`; or all is well."""
    text = (Path("in") / job["name"]).read_text("utf-8", "replace")
    order, _, rest = text.partition("\n")[0].partition(" ")
    say(step="extract", done=1, total=2)
    if order == "sleep":
        marks = Path("begun")
        marks.write_text(f"{marks.read_text('utf-8') if marks.exists() else ''}x", "utf-8")
        Path("process").write_text(str(os.getpid()), "utf-8")
        time.sleep(float(rest))
    elif order == "die":
        os._exit(9)
    elif order == "swell":
        held = bytearray(300 * 2**20)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(30)
    elif order == "fill":
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        with Path("full").open("wb") as file:
            file.write(b"x" * 200_000)
    elif order == "raise":
        raise RuntimeError(f"/home/somebody/secret.csv: {text}")
    out = Path("out")
    out.mkdir(exist_ok=True)
    (out / "digest.json").write_text(sample_digest().model_dump_json(), "utf-8")
    (out / "report.html").write_text("<script>alert(1)</script>", "utf-8")
    return {"records": 1, "read": 1, "people": 1, "sentences": 1, "opinions": 0, "failures": {}}


if __name__ == "__main__":
    work.digest = digest
    work.main()
