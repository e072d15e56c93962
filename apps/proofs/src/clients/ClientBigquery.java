import com.google.cloud.NoCredentials;
import com.google.cloud.bigquery.*;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.*;

/** An ordinary day of Google's BigQuery client for Java. Each line that it prints is one step. */
public class ClientBigquery {
  interface Step { Object run() throws Exception; }
  static void step(String name, Step check) {
    try {
      Object value = check.run();
      System.out.println(Boolean.FALSE.equals(value) ? "wrong: " + name + ": another answer" : "right: " + name);
    } catch (Exception error) {
      String message = String.valueOf(error.getMessage());
      boolean isRefused = message.contains("is not supported by the local BigQuery");
      System.out.println((isRefused ? "refused: " : "wrong: ") + name + ": " + message.replaceAll("\\s+", " "));
    }
  }
  static int count(Iterable<?> i) { int n = 0; for (Object o : i) n++; return n; }
  public static void main(String[] args) throws Exception {
    BigQuery b = BigQueryOptions.newBuilder().setProjectId(System.getenv("GOOGLE_CLOUD_PROJECT")).setHost(System.getenv("BIGQUERY_EMULATOR_HOST").replaceFirst("/bigquery/v2$", "")).setCredentials(NoCredentials.getInstance()).build().getService();
    step("dataset", () -> b.create(DatasetInfo.newBuilder("java_day").setLabels(Map.of("team", "java")).build()).getAcl().size());
    Schema s = Schema.of(Field.of("id", StandardSQLTypeName.STRING), Field.of("n", StandardSQLTypeName.INT64), Field.of("ts", StandardSQLTypeName.TIMESTAMP));
    TableId t = TableId.of("java_day", "t");
    step("table", () -> b.create(TableInfo.of(t, StandardTableDefinition.of(s))).getDefinition().getSchema().equals(s));
    step("insert", () -> b.insertAll(InsertAllRequest.newBuilder(t).addRow(Map.of("id", "a", "n", Long.MAX_VALUE, "ts", "2024-01-02T03:04:05Z")).addRow(Map.of("id", "b")).build()).getInsertErrors().isEmpty());
    step("query", () -> { TableResult r = b.query(QueryJobConfiguration.newBuilder("SELECT id, n, ts FROM java_day.t ORDER BY id").build()); FieldValueList row = r.iterateAll().iterator().next(); return row.get("n").getLongValue() == Long.MAX_VALUE && row.get("ts").getTimestampValue() == 1704164645000000L; });
    step("query pages", () -> count(b.query(QueryJobConfiguration.newBuilder("SELECT x FROM UNNEST(GENERATE_ARRAY(1, 30)) x").setMaxResults(7L).build()).iterateAll()) == 30);
    step("query with job", () -> count(b.query(QueryJobConfiguration.newBuilder("SELECT x FROM UNNEST(GENERATE_ARRAY(1, 30)) x").build(), JobId.newBuilder().setRandomJob().build()).iterateAll()) == 30);
    step("parameters", () -> b.query(QueryJobConfiguration.newBuilder("SELECT @a + 1, @s").addNamedParameter("a", QueryParameterValue.int64(1L)).addNamedParameter("s", QueryParameterValue.array(new String[] {"x"}, String.class)).build()).iterateAll().iterator().next().get(0).getLongValue() == 2);
    step("update", () -> b.getTable(t).toBuilder().setDescription("x").build().update().getDescription());
    step("update dataset", () -> b.getDataset("java_day").toBuilder().setDescription("x").build().update().getDescription());
    step("list rows", () -> count(b.listTableData(t, s, BigQuery.TableDataListOption.pageSize(1)).iterateAll()) == 2);
    step("write channel", () -> { JobId id = JobId.newBuilder().setRandomJob().build(); TableDataWriteChannel w = b.writer(id, WriteChannelConfiguration.newBuilder(TableId.of("java_day", "l")).setFormatOptions(FormatOptions.csv()).setSchema(Schema.of(Field.of("id", StandardSQLTypeName.STRING), Field.of("n", StandardSQLTypeName.INT64))).build()); try (w) { w.write(ByteBuffer.wrap("a,1\nb,2\n".getBytes(StandardCharsets.UTF_8))); } Job j = w.getJob().waitFor(); return j.getStatus().getError() == null ? ((JobStatistics.LoadStatistics) j.getStatistics()).getOutputRows() : j.getStatus().getError(); });
    step("write big", () -> { TableDataWriteChannel w = b.writer(JobId.newBuilder().setRandomJob().build(), WriteChannelConfiguration.newBuilder(TableId.of("java_day", "lb")).setFormatOptions(FormatOptions.csv()).setSchema(Schema.of(Field.of("id", StandardSQLTypeName.STRING), Field.of("n", StandardSQLTypeName.INT64))).build()); w.setChunkSize(256 * 1024); try (w) { w.write(ByteBuffer.wrap("abcdefgh,1\n".repeat(100000).getBytes(StandardCharsets.UTF_8))); } Job j = w.getJob().waitFor(); return ((JobStatistics.LoadStatistics) j.getStatistics()).getOutputRows() == 100000; });
    step("copy", () -> b.create(JobInfo.of(CopyJobConfiguration.newBuilder(TableId.of("java_day", "c"), TableId.of("java_day", "l")).build())).waitFor().getStatus().getError() == null);
    step("ddl", () -> { Job j = b.create(JobInfo.of(QueryJobConfiguration.of("CREATE TABLE java_day.made AS SELECT 1 x"))).waitFor(); return ((JobStatistics.QueryStatistics) j.getStatistics()).getDdlOperationPerformed(); });
    step("dry run", () -> ((JobStatistics.QueryStatistics) b.create(JobInfo.of(QueryJobConfiguration.newBuilder("SELECT id FROM java_day.t").setDryRun(true).build())).getStatistics()).getTotalBytesProcessed());
    step("jobs", () -> count(b.listJobs(BigQuery.JobListOption.allUsers(), BigQuery.JobListOption.pageSize(5)).iterateAll()) > 5);
    step("tables", () -> count(b.listTables("java_day", BigQuery.TableListOption.pageSize(2)).iterateAll()));
    step("datasets", () -> count(b.listDatasets(BigQuery.DatasetListOption.labelFilter("labels.team:java")).iterateAll()) == 1);
    step("iam", () -> b.testIamPermissions(t, List.of("bigquery.tables.get")));
    step("view", () -> { b.create(TableInfo.of(TableId.of("java_day", "v"), ViewDefinition.of("SELECT id FROM java_day.t"))); return count(b.query(QueryJobConfiguration.of("SELECT * FROM java_day.v")).iterateAll()) == 2; });
    step("delete job", () -> b.delete(b.listJobs().iterateAll().iterator().next().getJobId()));
    step("delete", () -> b.delete("java_day", BigQuery.DatasetDeleteOption.deleteContents()));
  }
}
