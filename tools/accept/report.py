# SPDX-License-Identifier: BSD-3-Clause
"""The report: report.json with everything, report.md for people. Written anew after every step, so that whatever ends the script
leaves a report of what was done; steps that did not run are in it with the reason."""
import json
import os

import goals

PASSED, FAILED, SKIPPED, NOT_RUN = "passed", "FAILED", "skipped", "not run"


class Result:
    """What a step gives. rows: a list of dicts with equal keys, shown as a table; figures: what goals.py knows by name."""

    def __init__(self, status, sentence, rows=(), figures=None, text="", data=None):
        self.status, self.sentence, self.rows, self.figures = status, sentence, list(rows), figures or {}
        self.text, self.data, self.seconds = text, data, 0.0


class Report:
    def __init__(self, folder, facts, steps):
        self.folder, self.facts, self.steps = folder, facts, steps
        self.results = {step.name: Result(NOT_RUN, "the script ended before it") for step in steps}

    def figures(self):
        merged = {}
        for result in self.results.values():
            merged.update(result.figures)
        return merged

    def exit_code(self):
        """77: the first step found nothing to test on; 0: all that could run passed; 1: something failed, or found no time."""
        if next(iter(self.results.values())).status == SKIPPED:
            return 77
        return 1 if any(result.status in (FAILED, NOT_RUN) for result in self.results.values()) else 0

    def write(self):
        judged = goals.judge(self.figures(), self.facts["device"])
        steps = [{"name": step.name, "title": step.title, "limit_s": step.limit, "status": result.status, "seconds": result.seconds,
                  "sentence": result.sentence, "rows": result.rows, "figures": result.figures, "data": result.data}
                 for step, result in self.pairs()]
        self.put("report.json", json.dumps({**self.facts, "exit_code": self.exit_code(), "steps": steps, "goals": judged}, indent=1) + "\n")
        self.put("report.md", "\n".join(self.markdown(judged)) + "\n")

    def pairs(self):
        return [(step, self.results[step.name]) for step in self.steps]

    def put(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.replace(path + ".new", path)

    def markdown(self, judged):
        yield f"# klflow on {self.facts['device'] or 'no device'}\n"
        for key, value in self.facts.items():
            if key != "device" and value not in (None, ""):
                yield f"- {key}: {value}"
        yield "\n## Steps\n"
        yield from table([{"step": step.title, "": result.status, "s": f"{result.seconds:.0f}", "result": result.sentence}
                          for step, result in self.pairs()])
        yield "\n## Goals\n"
        yield from table(judged, ("goal", "bar", "measured", "verdict"))
        for step, result in self.pairs():
            if result.rows or result.text:
                yield f"\n## {step.title}\n"
                yield from table(result.rows)
                if result.text:
                    yield "\n" + "\n".join("    " + line for line in result.text.splitlines())


def cell(value):
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def table(rows, keys=None):
    """Markdown lines."""
    if rows:
        keys = keys or list(rows[0])
        yield "| " + " | ".join(keys) + " |"
        yield "|" + "---|" * len(keys)
        for row in rows:
            yield "| " + " | ".join(cell(row.get(key)) for key in keys) + " |"
