// An ordinary day of Google's BigQuery client for Go. Each line that it prints is one step.
package main

import (
	"context"
	"fmt"
	"math/big"
	"os"
	"reflect"
	"strings"
	"time"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
)

func step(name string, check func() (any, error)) {
	value, err := check()
	switch {
	case err != nil && strings.Contains(err.Error(), "is not supported by the local BigQuery"):
		fmt.Printf("refused: %s: %v\n", name, err)
	case err != nil:
		fmt.Printf("wrong: %s: %v\n", name, err)
	case value == false:
		fmt.Printf("wrong: %s: another answer\n", name)
	default:
		fmt.Printf("right: %s\n", name)
	}
}

type Row struct {
	ID  string         `bigquery:"id"`
	N   int64          `bigquery:"n"`
	F   float64        `bigquery:"f"`
	Num *big.Rat       `bigquery:"num"`
	B   bool           `bigquery:"b"`
	Y   []byte         `bigquery:"y"`
	D   civil.Date     `bigquery:"d"`
	DT  civil.DateTime `bigquery:"dt"`
	T   civil.Time     `bigquery:"t"`
	TS  time.Time      `bigquery:"ts"`
	XS  []string       `bigquery:"xs"`
}

func all(it *bigquery.RowIterator) ([][]bigquery.Value, error) {
	var out [][]bigquery.Value
	for {
		var v []bigquery.Value
		err := it.Next(&v)
		if err == iterator.Done {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
}

func main() {
	ctx := context.Background()
	// The client has no variable for its endpoint.
	endpoint := strings.TrimSuffix(os.Getenv("BIGQUERY_EMULATOR_HOST"), "/bigquery/v2") + "/bigquery/v2/"
	c, err := bigquery.NewClient(ctx, os.Getenv("GOOGLE_CLOUD_PROJECT"), option.WithEndpoint(endpoint), option.WithoutAuthentication())
	if err != nil {
		panic(err)
	}
	q := func(sql string) *bigquery.Query { return c.Query(sql) }
	run := func(qq *bigquery.Query) ([][]bigquery.Value, error) {
		it, err := qq.Read(ctx)
		if err != nil {
			return nil, err
		}
		return all(it)
	}
	ds := c.Dataset("go_day")
	step("dataset", func() (any, error) {
		if err := ds.Create(ctx, &bigquery.DatasetMetadata{Labels: map[string]string{"a": "b"}, Description: "d"}); err != nil {
			return nil, err
		}
		m, err := ds.Metadata(ctx)
		if err != nil {
			return nil, err
		}
		return len(m.Access), nil
	})
	t := ds.Table("t")
	step("table", func() (any, error) {
		s, _ := bigquery.InferSchema(Row{})
		if err := t.Create(ctx, &bigquery.TableMetadata{Schema: s, Clustering: &bigquery.Clustering{Fields: []string{"id"}}}); err != nil {
			return nil, err
		}
		m, err := t.Metadata(ctx)
		if err != nil {
			return nil, err
		}
		return reflect.DeepEqual(m.Schema, s), nil
	})
	row := Row{"é", 9007199254740993, 1.5, big.NewRat(3, 2), true, []byte{0, 255}, civil.Date{Year: 2024, Month: 2, Day: 29}, civil.DateTime{Date: civil.Date{Year: 2024, Month: 2, Day: 29}, Time: civil.Time{Hour: 1, Minute: 2, Second: 3}}, civil.Time{Hour: 1}, time.Date(2024, 2, 29, 1, 2, 3, 123456000, time.UTC), []string{"a"}}
	step("inserter", func() (any, error) { return nil, t.Inserter().Put(ctx, []*Row{&row}) })
	step("inserter wide number", func() (any, error) {
		return nil, t.Inserter().Put(ctx, &bigquery.ValuesSaver{Schema: bigquery.Schema{{Name: "id", Type: "STRING"}, {Name: "n", Type: "INTEGER"}, {Name: "f", Type: "FLOAT"}, {Name: "num", Type: "NUMERIC"}, {Name: "b", Type: "BOOLEAN"}, {Name: "y", Type: "BYTES"}, {Name: "d", Type: "DATE"}, {Name: "dt", Type: "DATETIME"}, {Name: "t", Type: "TIME"}, {Name: "ts", Type: "TIMESTAMP"}}, Row: []bigquery.Value{"w", int64(9223372036854775807), 2.5, big.NewRat(1, 4), false, []byte("x"), row.D, row.DT, row.T, row.TS}})
	})
	step("read", func() (any, error) {
		it := t.Read(ctx)
		var r Row
		if err := it.Next(&r); err != nil {
			return nil, err
		}
		return r.N == row.N && r.TS.Equal(row.TS) && r.Num.Cmp(row.Num) == 0 && reflect.DeepEqual(r.XS, row.XS), nil
	})
	step("query", func() (any, error) {
		r, err := run(q("SELECT x, TIMESTAMP_MICROS(x) FROM UNNEST(GENERATE_ARRAY(1, 30)) x ORDER BY x"))
		if err != nil {
			return nil, err
		}
		return len(r) == 30 && r[29][0] == int64(30), nil
	})
	step("query pages", func() (any, error) {
		it, err := q("SELECT x FROM UNNEST(GENERATE_ARRAY(1, 30)) x ORDER BY x").Read(ctx)
		if err != nil {
			return nil, err
		}
		it.PageInfo().MaxSize = 7
		r, err := all(it)
		return len(r) == 30, err
	})
	step("parameters", func() (any, error) {
		x := q("SELECT @a + 1, @s, @b")
		x.Parameters = []bigquery.QueryParameter{{Name: "a", Value: 1}, {Name: "s", Value: []string{"x"}}, {Name: "b", Value: struct{ A int64 }{5}}}
		r, err := run(x)
		return fmt.Sprint(r), err
	})
	step("update with etag", func() (any, error) {
		m, err := t.Metadata(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := t.Update(ctx, bigquery.TableMetadataToUpdate{Description: "x"}, m.ETag); err != nil {
			return nil, err
		}
		_, err = t.Update(ctx, bigquery.TableMetadataToUpdate{Description: "y"}, m.ETag)
		return err != nil && strings.Contains(err.Error(), "412"), nil
	})
	step("dataset update", func() (any, error) {
		m, err := ds.Metadata(ctx)
		if err != nil {
			return nil, err
		}
		u := bigquery.DatasetMetadataToUpdate{Description: "new", Access: append(m.Access, &bigquery.AccessEntry{Role: bigquery.ReaderRole, EntityType: bigquery.UserEmailEntity, Entity: "a@example.com"})}
		u.SetLabel("k", "v")
		u.DeleteLabel("a")
		m, err = ds.Update(ctx, u, m.ETag)
		if err != nil {
			return nil, err
		}
		return fmt.Sprint(m.Labels, len(m.Access)), nil
	})
	wait := func(j *bigquery.Job, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		s, err := j.Wait(ctx)
		if err != nil {
			return nil, err
		}
		return true, s.Err()
	}
	step("load", func() (any, error) {
		src := bigquery.NewReaderSource(strings.NewReader("id,n\na,1\nb,2\n"))
		src.SkipLeadingRows = 1
		src.Schema = bigquery.Schema{{Name: "id", Type: bigquery.StringFieldType}, {Name: "n", Type: bigquery.IntegerFieldType}}
		return wait(ds.Table("l").LoaderFrom(src).Run(ctx))
	})
	step("load json", func() (any, error) {
		src := bigquery.NewReaderSource(strings.NewReader("{\"a\":1,\"b\":\"x\"}\n"))
		src.SourceFormat = bigquery.JSON
		src.AutoDetect = true
		return wait(ds.Table("lj").LoaderFrom(src).Run(ctx))
	})
	step("load big", func() (any, error) {
		src := bigquery.NewReaderSource(strings.NewReader(strings.Repeat("abcdefghij,1\n", 2000000)))
		src.Schema = bigquery.Schema{{Name: "id", Type: bigquery.StringFieldType}, {Name: "n", Type: bigquery.IntegerFieldType}}
		return wait(ds.Table("lb").LoaderFrom(src).Run(ctx))
	})
	step("copy", func() (any, error) { return wait(ds.Table("c").CopierFrom(ds.Table("l")).Run(ctx)) })
	step("ddl", func() (any, error) {
		j, err := q("CREATE TABLE go_day.made AS SELECT 1 x").Run(ctx)
		if err != nil {
			return nil, err
		}
		s, err := j.Wait(ctx)
		if err != nil {
			return nil, err
		}
		return s.Statistics.Details.(*bigquery.QueryStatistics).DDLOperationPerformed, s.Err()
	})
	step("jobs", func() (any, error) {
		it := c.Jobs(ctx)
		it.AllUsers = true
		it.State = bigquery.Done
		it.MinCreationTime = time.Now().Add(-time.Hour)
		n := 0
		for {
			j, err := it.Next()
			if err == iterator.Done {
				return n > 3, nil
			}
			if err != nil {
				return nil, err
			}
			_ = j.LastStatus()
			n++
		}
	})
	step("iam", func() (any, error) {
		p, err := t.IAM().Policy(ctx)
		if err != nil {
			return nil, err
		}
		p.Add("user:a@example.com", "roles/bigquery.dataViewer")
		return nil, t.IAM().SetPolicy(ctx, p)
	})
	step("tables", func() (any, error) {
		it := ds.Tables(ctx)
		it.PageInfo().MaxSize = 2
		n := []string{}
		for {
			x, err := it.Next()
			if err == iterator.Done {
				return n, nil
			}
			if err != nil {
				return nil, err
			}
			n = append(n, x.TableID)
		}
	})
	step("dry run", func() (any, error) {
		x := q("SELECT id FROM go_day.t")
		x.DryRun = true
		j, err := x.Run(ctx)
		if err != nil {
			return nil, err
		}
		return j.LastStatus().Statistics.TotalBytesProcessed, nil
	})
	step("view", func() (any, error) {
		if err := ds.Table("v").Create(ctx, &bigquery.TableMetadata{ViewQuery: "SELECT id FROM go_day.t"}); err != nil {
			return nil, err
		}
		r, err := run(q("SELECT * FROM go_day.v"))
		return len(r), err
	})
	step("delete with contents", func() (any, error) { return nil, ds.DeleteWithContents(ctx) })
}
