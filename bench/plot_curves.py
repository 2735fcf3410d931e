"""Plots losses over steps into an SVG file; reads a job on standard input. Needs a Python with matplotlib.

The job: {"svg", "title", "curves": [{"label", "panel", "steps", "values"}]}; curves of the same panel share axes.
"""
import json

import peer_models


def main():
    job = peer_models.read_job()
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "retort"  # the same points give the same file
    from matplotlib import pyplot

    count = 1 + max(curve["panel"] for curve in job["curves"])
    figure, axes = pyplot.subplots(1, count, figsize=(5.5 * count, 3.6), squeeze=False, layout="constrained")
    for curve in job["curves"]:
        axes[0][curve["panel"]].plot(curve["steps"], curve["values"], label=curve["label"], linewidth=1)
    for index, panel in enumerate(axes[0]):
        panel.set_xlabel("step")
        panel.set_ylabel(job.get("ylabels", ["loss"] * count)[index])
        panel.grid(alpha=0.3)
        panel.legend()
    figure.suptitle(job["title"])
    figure.savefig(job["svg"], metadata={"Date": None})
    print(json.dumps({"svg": job["svg"]}))


if __name__ == "__main__":
    main()
