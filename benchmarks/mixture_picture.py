"""Draw docs/mixture.svg: what is left of a tail, generation by generation, under four ways to mix. By formula alone."""

import math
from pathlib import Path

from outcross.mixture.retention import human_floor, retained
from outcross.mixture.theory.gaussian import accumulated_mean

KAPPA, RETENTION, SHARE, LAST = 0.8, 0.9, 0.3, 30
LEFT, TOP, WIDTH, HEIGHT = 76, 66, 560, 264
PICTURE = Path(__file__).parents[1] / "docs/mixture.svg"

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 400" role="img" aria-labelledby="t d" \
font-family="system-ui, sans-serif" font-size="15">
  <title id="t">What is left of a tail, generation by generation</title>
  <desc id="d">{described}</desc>
  <style>
    .line {{ fill: none; stroke-width: 3; stroke-linejoin: round; }}
    .grid {{ stroke: #d8dbdf; }}
    .axis {{ stroke: #57606a; stroke-width: 1.5; }}
    text {{ fill: #1f2328; }}
    .small {{ font-size: 12.5px; fill: #57606a; }}
    .bold {{ font-weight: 600; }}
    .right {{ text-anchor: end; }}
    .middle {{ text-anchor: middle; }}
    rect.paper {{ fill: #fbfbfa; }}
  </style>
  <rect class="paper" width="920" height="400" rx="10"/>
  <text class="bold" x="{left}" y="34">Tail mass that training data still hold, of 1 for people’s rows</text>"""


def curves() -> list[tuple[str, str, str, str, list[float]]]:
    """Colour, dashes, name, remark and the values at generations 0 to `LAST`."""
    floor = float(human_floor(RETENTION, KAPPA, 1))
    generations = range(LAST + 1)
    return [
        (
            "#3b7a46",
            "",
            "depth 1 and a human floor",
            f"floor {floor:.2f}, from the wanted {RETENTION:g}",
            [float(retained(floor, KAPPA, min(generation, 1))) for generation in generations],
        ),
        (
            "#2f5fa8",
            "10 4",
            f"a fixed human share of {SHARE:g}",
            "models of models, without end",
            [float(retained(SHARE, KAPPA, generation)) for generation in generations],
        ),
        (
            "#a8690f",
            "3 4",
            "accumulate",
            "all rows of all generations",
            [accumulated_mean(math.inf, generation, KAPPA) for generation in generations],
        ),
        (
            "#b3262e",
            "10 4 3 4",
            "replace",
            "the last model’s rows only",
            [float(retained(0, KAPPA, generation)) for generation in generations],
        ),
    ]


def across(generation: float) -> float:
    return LEFT + WIDTH * generation / LAST


def down(mass: float) -> float:
    return TOP + HEIGHT * (1 - mass)


def drawn() -> str:
    lines = curves()
    told = "; ".join(f"{name} {values[-1]:.2f}" for _, _, name, _, values in lines)
    parts = [HEAD.format(left=LEFT, described=f"After {LAST} generations, with kappa {KAPPA:g}: {told}.")]
    for mass in (0, 0.25, 0.5, 0.75, 1):
        parts.append(f'  <path class="grid" d="M{LEFT} {down(mass):g}H{LEFT + WIDTH}"/>')
        parts.append(f'  <text class="small right" x="{LEFT - 10}" y="{down(mass) + 4:g}">{mass:g}</text>')
    parts.append(f'  <path class="axis" d="M{LEFT} {down(0):g}H{LEFT + WIDTH}"/>')
    for generation in range(0, LAST + 1, 5):
        x, y = across(generation), down(0) + 20
        parts.append(f'  <text class="small middle" x="{x:.1f}" y="{y:g}">{generation}</text>')
    parts.append(
        f'  <text class="small middle" x="{across(LAST / 2):g}" y="{down(0) + 44:g}">'
        f"generations of models; each keeps kappa = {KAPPA:g} of a tail’s mass</text>"
    )
    for colour, dashes, name, remark, values in lines:
        points = " ".join(f"{across(generation):.1f},{down(mass):.1f}" for generation, mass in enumerate(values))
        parts.append(
            f'  <polyline class="line" stroke="{colour}" stroke-dasharray="{dashes or "none"}" points="{points}"/>'
        )
        x, y = across(LAST) + 12, down(values[-1]) - 6
        parts.append(
            f'  <text class="bold" x="{x:g}" y="{y:.1f}" style="fill:{colour}">{name}: {values[-1]:.2f}</text>'
        )
        parts.append(f'  <text class="small" x="{x:g}" y="{y + 17:.1f}">{remark}</text>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    PICTURE.write_text(drawn(), encoding="utf-8")
    print(f"{PICTURE.name} is drawn.")
