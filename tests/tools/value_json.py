#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks a snapshot's JSON against the schema in user/out/json.c, and its texts against value_dump's.

usage: value_json.py JSON LINES
"""
import json
import sys

KEYS = ["name", "type", "kind", "status", "value", "text", "address", "pointer", "string_status", "late",
        "repeats", "cut", "cycle", "children"]


def check(variable, seen):
    """Keys known and in order, the first six always there, values of the right kinds."""
    keys = list(variable)
    assert keys == sorted(keys, key=KEYS.index) and keys[:6] == KEYS[:6], keys
    assert isinstance(variable["text"], str) and variable["text"], variable
    if variable["status"] != "ok":
        assert variable["value"] is None, variable
    if isinstance(variable["value"], int):
        assert abs(variable["value"]) <= 2 ** 53, variable
    seen.append(variable["status"])
    for child in variable.get("children", []):
        check(child, seen)


def unique(pairs):
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)


def refuse(constant):
    raise ValueError("%s is no JSON" % constant)


def main(json_path, lines_path):
    with open(json_path, encoding="utf-8") as file:
        text = file.read()
    assert text.count("\n") == 1 and text.endswith("\n")
    event = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    assert list(event)[0] == "event" and event["event"] == "snapshot"
    with open(lines_path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    seen = []
    for line, variable in zip(lines, event["captures"], strict=True):
        check(variable, seen)
        assert line == "%s = %s" % (variable["name"], variable["text"]), line
    print("%d variables, %d nodes" % (len(lines), len(seen)))


main(*sys.argv[1:])
