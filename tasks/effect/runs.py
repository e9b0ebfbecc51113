"""What a trial comes to, arm by arm; what is done is kept, so that a run that was killed goes on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from outcross.data.stores import effects
from outcross.data.stores.effects import Measured
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.mixture.effect.comparison import shortage
from outcross.mixture.effect.evaluate import conclude
from outcross.mixture.effect.outcome import Effect
from outcross.mixture.effect.proxy import NetworkProxy, Proxy, TrigramProxy
from outcross.tasks.effect.trial import Trial
from outcross.tasks.results import mixture_code, named, whole

PROXIES: dict[str, Proxy] = {one.name: one for one in (TrigramProxy(), NetworkProxy())}
"""Small models by name; all that are asked for have to agree."""

USUAL = ("trigram",)
"""What answers where nobody asks for another: the network takes minutes, and an extra."""


def chosen(names: Sequence[str]) -> tuple[Proxy, ...]:
    """The proxies of some names.

    Raises:
        InputError: there is none of a name, or it isn't installed.
    """
    for name in names:
        if name not in PROXIES:
            raise InputError(f"there is no proxy {name!r}. Choose from: {', '.join(PROXIES)}.")
    if NetworkProxy.name in names and not NetworkProxy.installed():
        raise InputError("the proxy `network` needs torch and tokenizers: pip install 'outcross[proxy]'.")
    return tuple(PROXIES[name] for name in dict.fromkeys(names))


def folder(home: Home, trial: Trial) -> Path:
    """Where the arms' scores are: another place for other rows, texts or code."""
    said = {
        "arms": sorted(trial.distinct),
        "held out": [str(part.hash_rows().sum()) for part in (trial.dev, trial.test)],
        "code": mixture_code(),
    }
    return home.root / "effects" / f"{trial.name}-{trial.version}-{named(said)}"


def settle(home: Home, trial: Trial, digest: str, proxy: Proxy) -> None:
    """Try one arm, unless that is done.

    Args:
        digest: the arm's, a key of `trial.distinct`.
    """
    place = _place(home, trial, digest, proxy)
    if place.exists():
        return
    scores = trial.bench.score(trial.distinct[digest], proxy)
    with whole(place) as file:
        np.save(file, scores)


def finish(home: Home, trial: Trial, proxies: Sequence[Proxy]) -> Measured:
    """Compare the arms, all of them settled, and store what came out."""
    units, material = trial.bench.units, trial.material
    found = Effect(
        name=trial.name,
        version=trial.version,
        last=trial.last,
        documents=units.n_documents,
        rows=units.row.size,
        human_rows=material.human.height,
        held_back=material.extra.height,
        remarks=tuple(filter(None, (*trial.remarks, shortage(units)))),
        proxies=tuple(
            conclude(
                units,
                proxy.name,
                trial.arms,
                {digest: np.load(_place(home, trial, digest, proxy)) for digest in trial.distinct},
            )
            for proxy in proxies
        ),
    )
    names = ", ".join(proxy.name for proxy in proxies)
    measured = Measured(name=found.name, version=found.version, proxy=names, result=found.model_dump_json())
    effects.add(home, measured)
    return measured


def outcome(measured: Measured) -> Effect:
    """What a stored measurement says."""
    return Effect.model_validate_json(measured.result)


def known(home: Home, name: str, version: int | None = None) -> Effect | None:
    """What was last measured of a release's version, the newest measured one where None; None where nothing was."""
    found = effects.latest(home, name) if version is None else effects.for_version(home, name, version)
    return outcome(found) if found else None


def _place(home: Home, trial: Trial, digest: str, proxy: Proxy) -> Path:
    return folder(home, trial) / f"{proxy.name}-{digest}.npy"
