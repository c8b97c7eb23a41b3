"""A reader's known mistakes and its counts in, what people would have counted out, with 95% intervals.

What is known is how many opinions of each polarity stand in marked texts and how many the reader read there, text by
text. The ratio of the two (on a log scale) differs from one domain to the next, and the user's texts are of another
domain than all of them. So the interval holds three parts: which people happened to write, which texts happened to be
marked, and how much domains differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gistill.evaluate.error_rates import ErrorRates, Floats, Ints
from gistill.schema import Corrected, Estimate, Figure
from gistill.stats import resample

LEAST = 30  # marked opinions of a category below which nothing is corrected
METHOD = "corrected by the reader's known error: people, marked texts and domains as random effects"
_CELL = 10  # opinions marked and read of a category in a domain, for the domain to say anything about it
_DRAWS = 2000
_STEPS = 10  # of the iteration between the pooled value and how much domains differ
_SLOPED = 8  # domains from which on the factors may follow the lean
_LEAST_LEAN = 0.2  # how much leans must differ for that, as a standard deviation


@dataclass(frozen=True)
class Factors:
    """Logarithms of marked / read in a domain that was not seen: how they follow from its lean, and how unsurely.

    Attributes:
        mean: At the average lean, shape (k,).
        slope: What one unit of lean adds, shape (k,).
        centre: The average lean.
        unsure: Covariance of mean and slope as estimated, shape (2k, 2k).
        between: Covariance of how domains of one lean differ, shape (k, k).
        freedom: Degrees of freedom.
    """

    mean: Floats
    slope: Floats
    centre: float
    unsure: Floats
    between: Floats
    freedom: int

    def at(self, lean: ArrayLike) -> Floats:
        """Give the logarithms at some leans, shape (..., k)."""
        return np.asarray(self.mean + (np.asarray(lean)[..., None] - self.centre) * self.slope)

    def covariance(self, lean: float) -> Floats:
        """Give their covariance for a domain of this lean."""
        design = _design(len(self.mean), np.array([lean - self.centre]))[0]
        return np.asarray(self.between + design @ self.unsure @ design.T)


class Corrector:
    """Corrects counts by one reader's error rates; the rates are worked out once."""

    def __init__(self, rates: ErrorRates) -> None:
        self.rates = rates
        if len(rates.domains) < 2:
            raise ValueError("error rates of a single domain say nothing of another")
        self._cells = {name: (cells[:, 0].astype(np.int64), cells[:, 1:]) for name, cells in rates.categories.items()}
        enough = [name for name in self._cells if self.marked(name) >= LEAST]
        self._whole: list[Factors] = []  # of opinions, and of people
        self._categories: dict[str, list[Factors]] = {name: [] for name in enough}
        domains = len(rates.domains)
        leans = np.array([_lean(rates.read[rates.domain == d].sum(axis=0)) for d in range(domains)])
        sloped = domains >= _SLOPED and float(leans.std()) > _LEAST_LEAN
        for of_people in (False, True):
            counts = _people(rates.marked, rates.read) if of_people else np.hstack([rates.marked, rates.read])
            found = [_ratio(counts[rates.domain == d]) for d in range(domains)]
            values, covariances = np.stack([one for one, _ in found]), np.stack([other for _, other in found])
            self._whole.append(_random_effects(values, covariances, leans if sloped else None))
            cells = {}
            for name in enough:
                text, rows = self._cells[name]
                cells[name] = (rates.domain[text], _people(rows[:, :3], rows[:, 3:]) if of_people else rows)
            for name, factors in _shrunk(cells, _random_effects(values, covariances, None), domains).items():
                self._categories[name].append(factors)

    def marked(self, category: str | None = None) -> int:
        """Count the marked opinions that bear a correction out."""
        if category is None:
            return int(self.rates.marked.sum())
        return int(self._cells[category][1][:, :3].sum()) if category in self._cells else 0

    def correct(self, people: ArrayLike, *, read: int, category: str | None = None, seed: int = 0) -> Corrected | None:
        """Correct the counts of one group of opinions.

        Args:
            people: Positive, negative and neutral opinions that the reader read of each person, shape (n, 3). People
                of whom it read none may be left out.
            read: People whose texts were read; no corrected number of people exceeds it.
            category: The group's category; None corrects by the rates of all.
            seed: Same seed and same counts in any order, same intervals.

        Returns:
            Raw and corrected figures; None where nobody says anything or too few marked opinions bear it out.
        """
        rows = np.asarray(people, dtype=np.float64).reshape(-1, 3)
        rows = rows[rows.sum(axis=1) > 0]
        factors = self._whole if category is None else self._categories.get(category)
        if not len(rows) or not factors:
            return None
        raw = _columns(rows)
        drawn = _resampled(rows, read, seed)
        generator = np.random.default_rng([seed, 1])
        means = np.exp(np.concatenate([factor.at(_lean(raw)) for factor in factors]))
        times = np.hstack([_draws(factor, raw, drawn, generator) for factor in factors])
        value, spread = np.asarray(raw * means), np.asarray(drawn * times)
        value[3:], spread[:, 3:] = np.minimum(value[3:], read), np.minimum(spread[:, 3:], read)
        names = ("positive", "negative", "neutral", "people", "people_positive", "people_negative")
        figures = {
            name: Figure(raw=raw[i], corrected=_estimate(value[i], spread[:, i])) for i, name in enumerate(names)
        }
        net = Figure(raw=_net(raw[None])[0], corrected=_estimate(_net(value[None])[0], _net(spread)))
        return Corrected(**figures, net_sentiment=net, marked=self.marked(category))


def _people(marked: Floats, read: Floats) -> Floats:
    """Take a text for a person: whether anything, praise and blame are marked and read in it, shape (n, 6)."""
    return np.hstack([_says(marked), _says(read)])


def _says(counts: Floats) -> Floats:
    return np.stack([counts.sum(axis=1) > 0, counts[:, 0] > 0, counts[:, 1] > 0], axis=1).astype(np.float64)


def _columns(rows: Floats) -> Floats:
    return np.asarray(np.hstack([rows, _says(rows)]).sum(axis=0))


def _resampled(rows: Floats, read: int, seed: int) -> Floats:
    """Draw the people read again, with one more who only praises and one who only blames, as `stats.net_sentiment`."""
    mean = rows.sum() / len(rows)
    silent = max(0, read - len(rows))
    whole = np.vstack([rows, [[mean, 0, 0], [0, mean, 0]], np.zeros((silent, 3))])
    drawn = resample(np.hstack([whole, _says(whole)]), _DRAWS, seed)
    return drawn * (len(whole) - 2) / len(whole)


def _draws(factors: Factors, raw: Floats, drawn: Floats, generator: np.random.Generator) -> Floats:
    """Draw factors for a domain that was not seen, by a multivariate t distribution on the log scale."""
    covariance = factors.covariance(float(_lean(raw)))
    normal = generator.multivariate_normal(np.zeros(len(covariance)), covariance, _DRAWS, method="eigh")
    scale = np.sqrt(factors.freedom / generator.chisquare(factors.freedom, _DRAWS))
    return np.asarray(np.exp(np.clip(factors.at(_lean(drawn)) + normal * scale[:, None], -20, 20)))


def _lean(counts: Floats) -> Floats:
    """Give the log odds of praise to blame: where there is little praise, more of what is read as praise is none."""
    return np.asarray(np.log((counts[..., 0] + 0.5) / (counts[..., 1] + 0.5)))


def _net(counts: Floats) -> Floats:
    return np.asarray((counts[:, 0] - counts[:, 1]) / np.maximum(counts[:, :3].sum(axis=1), 1e-12))


def _estimate(value: float, spread: Floats) -> Estimate:
    low, high = (float(bound) for bound in np.percentile(spread, [2.5, 97.5]))
    return Estimate(value=float(value), low=min(low, float(value)), high=max(high, float(value)), method=METHOD)


def _ratio(counts: Floats) -> tuple[Floats, Floats]:
    """Give the logarithms of marked / read of some texts and their covariance, linearised by text."""
    k = counts.shape[1] // 2
    marked, read = counts[:, :k], counts[:, k:]
    top, bottom = marked.sum(axis=0) + 0.5, read.sum(axis=0) + 0.5
    part = marked / top - read / bottom
    part = part - part.mean(axis=0)
    floor = np.diag(0.25 / top**2 + 0.25 / bottom**2)  # of the halves: no mistake in few opinions is not none at all
    return np.log(top / bottom), part.T @ part * (len(part) / max(len(part) - 1, 1)) + floor


def _random_effects(values: Floats, covariances: Floats, leans: Floats | None) -> Factors:
    """Pool logarithms over domains, by their lean where it is given, and predict that of one more.

    Args:
        values: Of each domain, shape (d, k), d >= 2.
        covariances: How unsure they are by the texts that happened to be marked, shape (d, k, k).
        leans: Of each domain, shape (d,); None takes the slope as 0.

    Source:
        DerSimonian and Laird, Meta-analysis in clinical trials, Controlled Clinical Trials 7 (1986), with several
        outcomes and one covariate; Higgins, Thompson and Spiegelhalter, JRSS A 172 (2009), for the prediction by t.
    """
    d, k = values.shape
    centre = 0.0 if leans is None else float(leans.mean())
    design = _design(k, np.zeros(d) if leans is None else leans - centre)
    used = k if leans is None else 2 * k
    design, freedom = design[:, :, :used], max(1, d - used // k)
    between = np.zeros((k, k))
    for _ in range(_STEPS):
        weights = np.linalg.inv(covariances + between)
        unsure = np.linalg.inv(np.einsum("dki,dkl,dlj->ij", design, weights, design))
        found = unsure @ np.einsum("dki,dkl,dl->i", design, weights, values)
        between = _between(values - design @ found, covariances, d / freedom)
    whole = np.zeros((2 * k, 2 * k))
    whole[:used, :used] = unsure
    slope = found[k:] if leans is not None else np.zeros(k)
    return Factors(found[:k], slope, centre, whole, between, freedom)


def _design(k: int, leans: Floats) -> Floats:
    """Lay out intercepts and slopes, shape (d, k, 2k)."""
    return np.stack([np.hstack([np.eye(k), lean * np.eye(k)]) for lean in leans])


def _between(away: Floats, covariances: Floats, lost: float) -> Floats:
    """Estimate how much true values differ, by moments, those that are known well counting more; never below zero.

    Args:
        away: How far each value is from what is expected, shape (d, k).
        covariances: How far chance alone takes it, shape (d, k, k).
        lost: By how much the squares must grow, for what was fitted.
    """
    own = np.diagonal(covariances, axis1=1, axis2=2)
    weight = np.sqrt(1 / (own + 0.01))
    both = weight[:, :, None] * weight[:, None, :]
    excess = (both * (lost * away[:, :, None] * away[:, None, :] - covariances)).sum(axis=0) / both.sum(axis=0)
    size, direction = np.linalg.eigh((excess + excess.T) / 2)
    return np.asarray((direction * np.maximum(size, 0)) @ direction.T)


def _shrunk(cells: Mapping[str, tuple[Ints, Floats]], whole: Factors, domains: int) -> dict[str, Factors]:
    """Shrink each category's factors towards those of all categories, by how much categories differ beyond chance.

    Args:
        cells: Category -> the domain of each text, shape (m,), and its counts, shape (m, 2k).
        whole: The factors of all categories.
        domains: How many domains there are.
    """
    if not cells:
        return {}
    found = {name: _ratio(rows) for name, (_, rows) in cells.items()}
    away, spread = [], []
    for name, (domain, rows) in cells.items():
        for d in range(domains):
            part = rows[domain == d]
            if len(part) > 1 and part.sum() >= _CELL:
                value, covariance = _ratio(part)
                away.append(value - found[name][0])
                spread.append(covariance)
    by_domain = _between(np.stack(away), np.stack(spread), 1.0) if away else whole.between
    own = {}
    for name, (domain, rows) in cells.items():
        share = np.bincount(domain, rows.sum(axis=1), minlength=domains) / max(rows.sum(), 1)
        own[name] = found[name][1] + by_domain * float((share**2).sum())
    values = np.stack([found[name][0] for name in cells])
    among = _between(values - whole.mean, np.stack([own[name] for name in cells]), 1.0)
    k, result = len(whole.mean), {}
    none = np.zeros(2 * k)
    for name in cells:
        pull = among @ np.linalg.inv(among + own[name])
        mean = whole.mean + pull @ (found[name][0] - whole.mean)
        posterior = among - pull @ among + by_domain
        result[name] = Factors(mean, none[:k], 0.0, np.outer(none, none), posterior, whole.freedom)
    return result
