# SPDX-License-Identifier: BSD-2-Clause
"""What the choice of the instruction saves, over lines of redis drawn by seed. Nothing is run: the planner says how
the instruction asked for and the one taken would be carried out, and snapline measures what either costs here."""
import json
import random
import subprocess

REDIS = "build/real/redis/redis-server"
LINES, SEED = 200, 1
KINDS = {"counter": ["--count"], "snapshot": []}
STEPPED = "single-stepped: two traps"


def lines():
    """Drawn from those of redis' own source files on which a statement begins."""
    said = subprocess.run(["build/snapline", "list", "-f", "json", "-x", REDIS, "lines"], capture_output=True,
                          text=True, check=True)
    every = [json.loads(line) for line in said.stdout.splitlines()]
    own = sorted({line["place"] for line in every if "/redis" in line["file"] and line["file"].endswith(".c")})
    return random.Random(SEED).sample(own, LINES)


def explain(options, places):
    said = subprocess.run(["build/snapline", "explain", "-f", "json", *options, "-x", REDIS, *places],
                          capture_output=True, text=True, check=True)
    return [json.loads(line) for line in said.stdout.splitlines() if line.startswith('{"event":"place"')]


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def shown(kind, places, costs):
    asked, taken = (mean(costs[place[which]] for place in places) for which in ("asked_cost", "probed_cost"))
    share = ["%.0f %%" % (100 * mean(place[which] != STEPPED for place in places))
             for which in ("asked_cost", "probed_cost")]
    return [kind, str(len(places)), *share, "%.0f" % asked, "%.0f" % taken, "%.2f" % (taken / asked)]


def show(report, rounds):
    drawn = lines()
    found = {kind: explain(options, drawn) for kind, options in KINDS.items()}
    costs = {place["probed_cost"]: place["hit_ns"] for places in found.values() for place in places}
    report.section("Placement: what a hit costs at the instruction taken, over the one asked for ¹")
    report.table(["kind", "places", "emulated, as asked", "as taken", "ns a hit, as asked", "as taken", "ratio"],
                 [shown(kind, places, costs) for kind, places in found.items()])
    report.say("\nOf %d lines of redis' source, drawn with seed %d; as planned, with the cost of either kind of "
               "instruction as snapline measures it here. The section on redis' throughput has real runs with and "
               "without `--exact`." % (LINES, SEED))
