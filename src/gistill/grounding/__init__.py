"""What texts bear out: a sentence checked against what it cites, and quotes chosen to stand for many."""

from gistill.grounding.checking import CHECKS, Evidence, check
from gistill.grounding.counting import Counts
from gistill.grounding.findings import CODES, finding, with_finding

__all__ = ["CHECKS", "CODES", "Counts", "Evidence", "check", "finding", "with_finding"]
