"""An ordinary day of an analyst with dbt: the project in the folder that is given, built and documented twice."""

import json
import os
import pathlib
import sys

from dbt.cli.main import dbtRunner
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

project = pathlib.Path(sys.argv[1])
dbt = dbtRunner()
# The client takes its endpoint from BIGQUERY_EMULATOR_HOST.
client = bigquery.Client(project=os.environ["GOOGLE_CLOUD_PROJECT"], credentials=AnonymousCredentials())


def say(name, problem=None):
    """Prints a step: right without a problem."""
    if problem is None:
        return print(f"right: {name}", flush=True)
    word = "refused" if "is not supported by the local BigQuery" in str(problem) else "wrong"
    print(f"{word}: {name}: {' '.join(str(problem).split())[:300]}", flush=True)


def invoke(*arguments):
    folder = str(project)
    return dbt.invoke(["--quiet", "--no-use-colors", *arguments, "--project-dir", folder, "--profiles-dir", folder])


def build(when):
    """Builds the project, and prints a step for each seed, model, test and snapshot."""
    outcome = invoke("build")
    if outcome.exception is not None:
        say(f"build {when}", outcome.exception)
    for result in outcome.result or []:
        kind = str(result.node.resource_type)
        name = f"{kind} {result.node.name}" if kind == "test" else f"{result.node.config.materialized} {result.node.name}"
        say(f"{name}, {when}", None if result.status in ("success", "pass") else result.message)


def document(when):
    outcome = invoke("docs", "generate")
    catalog = json.loads((project / "target" / "catalog.json").read_text())
    problem = outcome.exception or catalog.get("errors")
    tables = {name.split(".")[-1]: len(node["columns"]) for name, node in catalog["nodes"].items()}
    if not problem and tables != {"adults": 4, "countries": 5, "people": 5, "people_history": 9, "seen": 3}:
        problem = tables
    say(f"documentation, {when}", problem)


def compare(name, query, expected):
    try:
        rows = [tuple(row.values()) for row in client.query(query).result()]
        say(name, None if rows == expected else rows)
    except Exception as error:  # Every failure is a verdict.
        say(name, error)


build("once")
document("once")
seed = project / "seeds" / "people.csv"
seed.write_text(seed.read_text().replace("Ana María,Perú", "Ana María,Chile") + "d,Wei,Perú,17,2024-03-02\n")
build("after a change of the seed")
document("after a change of the seed")
compare(
    "the table counts the new rows",
    "SELECT pais, people, detail.names FROM dbt_day.countries ORDER BY pais",
    [("Chile", 2, ["José", "Ana María"]), ("Perú", 1, ["Ñusta"])],
)
compare(
    "the incremental model merges the new row",
    "SELECT id FROM dbt_day.seen ORDER BY id",
    [("a",), ("b",), ("c",), ("d",)],
)
compare(
    "the snapshot keeps both versions",
    "SELECT id, pais, dbt_valid_to IS NULL FROM dbt_day.people_history ORDER BY id, dbt_valid_from",
    [("a", "Chile", True), ("b", "Perú", False), ("b", "Chile", True), ("c", "Perú", True), ("d", "Perú", True)],
)
client.delete_dataset("dbt_day", delete_contents=True)
