"""An ordinary day of an analyst with Google's BigQuery client for Python. Each line that it prints is one step."""

import datetime
import decimal
import io
import os
import warnings

from google.api_core.exceptions import BadRequest, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery import dbapi

warnings.simplefilter("ignore")
PROJECT = os.environ["GOOGLE_CLOUD_PROJECT"]
# The client takes its endpoint from BIGQUERY_EMULATOR_HOST.
client = bigquery.Client(project=PROJECT, credentials=AnonymousCredentials())
UTC = datetime.timezone.utc


def step(check):
    """Runs a step when it is defined. It passes when it returns True."""
    name = check.__name__.replace("_", " ")
    try:
        result = check()
        print(f"right: {name}" if result is True else f"wrong: {name}: {result!r}", flush=True)
    except Exception as error:  # Every failure is a verdict.
        word = "refused" if "is not supported by the local BigQuery" in str(error) else "wrong"
        print(f"{word}: {name}: {' '.join(str(error).split())[:300]}", flush=True)


SCHEMA = [
    bigquery.SchemaField("id", "STRING", "REQUIRED"),
    bigquery.SchemaField("n", "INTEGER"),
    bigquery.SchemaField("f", "FLOAT"),
    bigquery.SchemaField("price", "NUMERIC"),
    bigquery.SchemaField("ok", "BOOLEAN"),
    bigquery.SchemaField("raw", "BYTES"),
    bigquery.SchemaField("day", "DATE"),
    bigquery.SchemaField("clock", "TIME"),
    bigquery.SchemaField("at", "TIMESTAMP"),
    bigquery.SchemaField("tags", "STRING", "REPEATED"),
    bigquery.SchemaField("place", "RECORD", fields=[bigquery.SchemaField("city", "STRING")]),
]
ROW = {
    "id": "ñ",
    "n": 2**63 - 1,
    "f": 1.5,
    "price": decimal.Decimal("123456789012345678.123456789"),
    "ok": True,
    "raw": b"\x00\xff",
    "day": datetime.date(2024, 2, 29),
    "clock": datetime.time(1, 2, 3),
    "at": datetime.datetime(2024, 2, 29, 1, 2, 3, 123456, tzinfo=UTC),
    "tags": ["a", "b"],
    "place": {"city": "Santiago"},
}


@step
def list_projects():
    return [project.project_id for project in client.list_projects()] == [PROJECT]


@step
def read_a_timestamp():
    [row] = client.query("SELECT TIMESTAMP '2024-01-02 03:04:05.5 UTC' AS t").result()
    return row.t == datetime.datetime(2024, 1, 2, 3, 4, 5, 500000, tzinfo=UTC) or row.t


@step
def read_pages():
    rows = client.query_and_wait(
        "SELECT x, TIMESTAMP_MICROS(x) AS t FROM UNNEST(GENERATE_ARRAY(1, 25)) x ORDER BY x", page_size=10
    )
    return [(row.x, row.t.microsecond) for row in rows] == [(n, n) for n in range(1, 26)]


@step
def create_a_dataset():
    dataset = bigquery.Dataset(f"{PROJECT}.python_day")
    dataset.labels = {"team": "python"}
    return len(client.create_dataset(dataset, exists_ok=True).access_entries) >= 3


@step
def create_a_table():
    table = bigquery.Table(f"{PROJECT}.python_day.people", schema=SCHEMA)
    table.clustering_fields = ["id"]
    return client.create_table(table).schema == SCHEMA


@step
def insert_rows():
    return client.insert_rows(client.get_table("python_day.people"), [ROW, {"id": "z"}]) == []


@step
def read_every_type():
    row = next(iter(client.list_rows("python_day.people")))
    return dict(row.items()) == ROW or dict(row.items())


@step
def query_with_parameters():
    parameters = [
        bigquery.ScalarQueryParameter("s", "STRING", "x"),
        bigquery.ArrayQueryParameter("a", "INT64", [1, 2]),
        bigquery.StructQueryParameter("r", bigquery.ScalarQueryParameter("n", "INT64", 5)),
        bigquery.ScalarQueryParameter("at", "TIMESTAMP", ROW["at"]),
    ]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    [row] = client.query("SELECT @s, @a, @r.n, @at", config).result()
    return row.values() == ("x", [1, 2], 5, ROW["at"]) or row


@step
def query_by_the_DB_API():
    cursor = dbapi.connect(client).cursor()
    cursor.execute("SELECT %(n)s + 1", {"n": 1})
    return tuple(cursor.fetchone()) == (2,)


@step
def add_a_column():
    table = client.get_table("python_day.people")
    table.schema = [*table.schema, bigquery.SchemaField("more", "STRING")]
    return client.update_table(table, ["schema"]).schema[-1].name == "more"


@step
def lose_a_race_of_two_updates():
    mine, theirs = (client.get_table("python_day.people") for _ in range(2))
    theirs.description = "first"
    client.update_table(theirs, ["description"])
    mine.description = "second"
    try:
        client.update_table(mine, ["description"])
    except PreconditionFailed:
        return client.get_table("python_day.people").description == "first"
    return "the second update overwrote the first"


@step
def load_JSON():
    job = client.load_table_from_json([{"id": "a", "n": 1}, {"id": "b"}], "python_day.loaded")
    return job.result().output_rows == 2


@step
def load_CSV_in_chunks():
    data = b"".join(b"%d,%s\n" % (n, b"x" * 90) for n in range(120_000))
    schema = [bigquery.SchemaField("n", "INTEGER"), bigquery.SchemaField("text", "STRING")]
    config = bigquery.LoadJobConfig(schema=schema, source_format="CSV")
    client.load_table_from_file(io.BytesIO(data), "python_day.large", size=len(data), job_config=config).result()
    return client.get_table("python_day.large").num_rows == 120_000


@step
def see_the_bad_row_of_a_load():
    config = bigquery.LoadJobConfig(schema=[bigquery.SchemaField("n", "INTEGER")], source_format="CSV")
    job = client.load_table_from_file(io.BytesIO(b"1\nx\n"), "python_day.bad", job_config=config)
    try:
        job.result()
    except BadRequest:
        return "row 2" in job.errors[1]["message"]
    return "the load succeeded"


@step
def see_the_bad_rows_that_a_load_leaves_out():
    schema = [bigquery.SchemaField("n", "INTEGER")]
    config = bigquery.LoadJobConfig(schema=schema, source_format="CSV", max_bad_records=1)
    job = client.load_table_from_file(io.BytesIO(b"1\nx\n"), "python_day.bad", job_config=config)
    job.result()
    return job.output_rows == 1 and [error["reason"] for error in job.errors] == ["invalid"]


@step
def widen_a_table_by_a_load_and_by_a_query():
    options = {"write_disposition": "WRITE_APPEND", "schema_update_options": ["ALLOW_FIELD_ADDITION"]}
    load = bigquery.LoadJobConfig(autodetect=True, **options)
    client.load_table_from_json([{"n": 2, "note": "new"}], "python_day.bad", job_config=load).result()
    query = bigquery.QueryJobConfig(destination=f"{PROJECT}.python_day.bad", **options)
    client.query("SELECT 3 AS n, TRUE AS seen", query).result()
    rows = client.query("SELECT n, note, seen FROM python_day.bad ORDER BY n").result()
    return [row.values() for row in rows] == [(1, None, None), (2, "new", None), (3, None, True)]


@step
def hear_what_is_missing():
    try:
        client.get_table("python_day.nowhere")
    except NotFound as error:
        return error.message.endswith(f"Not found: Table {PROJECT}:python_day.nowhere")
    return "the table is there"


@step
def copy_and_snapshot_a_table():
    client.copy_table("python_day.loaded", "python_day.copied").result()
    config = bigquery.CopyJobConfig(operation_type="SNAPSHOT")
    client.copy_table("python_day.loaded", "python_day.snapshot", job_config=config).result()
    return client.get_table("python_day.snapshot").table_type == "SNAPSHOT"


@step
def query_a_view():
    view = bigquery.Table(f"{PROJECT}.python_day.ids")
    view.view_query = "SELECT id FROM python_day.people"
    client.create_table(view)
    return client.query("SELECT id FROM python_day.ids").result().total_rows == 2


@step
def run_DDL_and_DML():
    ddl = client.query("CREATE TABLE python_day.made AS SELECT 1 AS n")
    ddl.result()
    dml = client.query("INSERT INTO python_day.made (n) VALUES (2), (3)")
    dml.result()
    return (ddl.ddl_operation_performed, dml.num_dml_affected_rows) == ("CREATE", 2)


@step
def estimate_a_query():
    job = client.query("SELECT id FROM python_day.people", bigquery.QueryJobConfig(dry_run=True))
    return job.total_bytes_processed > 0


@step
def list_and_delete_jobs():
    jobs = list(client.list_jobs(state_filter="done", all_users=True, max_results=5))
    client.delete_job_metadata(jobs[0].job_id, location=jobs[0].location)
    try:
        client.get_job(jobs[0].job_id, location=jobs[0].location)
    except NotFound:
        return all(job.user_email for job in jobs)
    return "the job is still there"


@step
def grant_a_role():
    policy = client.get_iam_policy("python_day.people")
    policy.bindings = [{"role": "roles/bigquery.dataViewer", "members": {"user:reader@example.com"}}]
    return len(client.set_iam_policy("python_day.people", policy).bindings) == 1


@step
def filter_datasets_by_label():
    found = [[d.dataset_id for d in client.list_datasets(filter=f"labels.team:{team}")] for team in ("python", "nobody")]
    return found == [["python_day"], []] or found


@step
def run_a_script():
    return list(client.query("DECLARE x INT64 DEFAULT 1; SELECT x").result())[0][0] == 1


@step
def delete_everything():
    client.delete_dataset("python_day", delete_contents=True)
    return "python_day" not in [dataset.dataset_id for dataset in client.list_datasets()]
