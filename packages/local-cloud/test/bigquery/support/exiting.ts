/** Exits with 3 in the midst of a query that JavaScript computes functions for. */
import '../../../src/bigquery/bigquery.ts';
import { setImmediate } from 'node:timers/promises';
import { Database } from '../../../src/bigquery/database.ts';

const database = await Database.open(process.argv[2]);
database.read((connection) => connection.run('SELECT max(bq_upper(range::VARCHAR)) FROM range(100000000)'));
// By now it has begun.
for (let turn = 0; turn < 100; turn++) await setImmediate();
process.exit(3);
