"""report.html as a browser shows it: headless Chromium, which must log no error, and the points that must be there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from conftest import SPACE, Tuner, changed
from retort_tune.svg import Scale

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)


def test_ticks_are_round_numbers_inside_the_scale():
    assert Scale.around([0, 10], 0, 100).ticks() == [0, 2, 4, 6, 8, 10]
    assert Scale.around([1e-5, 1e-2], 0, 100, log=True).ticks() == pytest.approx([1e-5, 1e-4, 1e-3, 1e-2])
    assert Scale(0, 10, 100, 200)(2.5) == 125
    assert Scale(1, 100, 0, 10, log=True)(10) == 5


@pytest.fixture(scope="module")
def report(tmp_path_factory, defaults, real_program):
    tuner = Tuner(tmp_path_factory.mktemp("report"), defaults, real_program)
    space = changed(
        SPACE,
        parameters={
            "n_layers": {"type": "int", "range": [1, 6]},
            "optimizer": {"type": "categorical", "choices": ["adamw", "lamb"]},
            "learning_rate": {"type": "double", "range": [1e-3, 0.09], "transform": "log"},
        },
        default={"learning_rate": 2e-3},
    )
    ended = tuner.run(space, trials=14, quasi_random_trials=8)
    assert ended.code == 0, ended.errors
    return tuner.folder / "out"


def test_the_report_is_one_file_that_loads_nothing(report):
    text = (report / "report.html").read_text()
    assert not re.search(r'(src|href)="(?!data:)', text) and "http" not in text.replace("http://www.w3.org", "")
    assert len(text) < 300_000


@pytest.mark.skipif(CHROMIUM is None, reason="Debian's package chromium is not installed")
def test_a_browser_shows_every_trial_and_logs_no_error(report, tmp_path):
    page = report / "report.html"
    # The script moves the pointer onto a point, as a reader does, and says what came up.
    probe = tmp_path / "probe.html"
    check = """<script>
      const point = document.querySelector("#pareto .point.front");
      point.dispatchEvent(new PointerEvent("pointermove", {bubbles: true, clientX: 5, clientY: 5}));
      document.body.dataset.hint = document.getElementById("hint").textContent;
      document.body.dataset.chosen = document.querySelectorAll(".chosen").length;
    </script>"""
    probe.write_text(page.read_text().replace("</body>", check + "</body>"))
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        "--log-level=0",
        f"--user-data-dir={tmp_path}/profile",
        "--virtual-time-budget=2000",
        "--dump-dom",
        f"file://{probe}",
    ]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert shown.returncode == 0, shown.stderr
    assert not [line for line in shown.stderr.splitlines() if "CONSOLE" in line], shown.stderr
    dom = shown.stdout
    complete = [row for row in (report / "trials.csv").read_text().splitlines() if ",complete," in row]
    front = json.loads((report / "front.json").read_text())
    pareto = re.search(r'<svg id="pareto".*?</svg>', dom, re.DOTALL)[0]
    assert len(re.findall(r'class="point [^"]*"', pareto)) == len(complete) >= 5
    assert len(re.findall(r'class="point front[^"]*"', pareto)) == len(front)
    assert len(re.findall(r'class="trace [^"]*"', dom)) == len(complete)
    assert re.search(r'<svg id="hypervolume".*?<path class="line" d="M', dom, re.DOTALL)
    assert '<rect class="bar"' in dom
    for entry in front:
        assert entry["command"] in dom
    hint = re.search(r'data-hint="(.*?)"', dom, re.DOTALL)[1]
    assert hint.startswith(f"trial {front[0]['trial']} (") or any(
        hint.startswith(f"trial {entry['trial']} (") for entry in front
    )
    assert (
        "learning_rate: " in hint and int(re.search(r'data-chosen="(\d+)"', dom)[1]) >= 3
    )  # point, trace, row of the table
