/**
 * DuckDB's allocator reads this when DuckDB is loaded, so this module comes first. Freed memory goes back to the system after
 * 50 ms: with DuckDB's setting, a large sort holds twice what it needs. https://jemalloc.net/jemalloc.3.html#opt.dirty_decay_ms
 */
process.env.DUCKDB_JE_MALLOC_CONF ??= 'dirty_decay_ms:50,muzzy_decay_ms:0';
