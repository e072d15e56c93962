/** The tables of the comparison, as queries that both sides answer. */
export const TABLES: Readonly<Record<string, string>> = {
  people: String.raw`SELECT * FROM UNNEST(ARRAY<STRUCT<n INT64, id STRING, nombre STRING, apellido STRING, pais STRING, edad INT64, peso FLOAT64,
  saldo NUMERIC, activo BOOL, nacido DATE, alta DATETIME, visto TIMESTAMP, hora TIME, foto BYTES, tags ARRAY<STRING>, puntos ARRAY<INT64>,
  casa STRUCT<calle STRING, numero INT64>>>[
    (1, 'a1', 'José', 'Núñez', 'Chile', 34, 70.5, NUMERIC '1250.75', TRUE, DATE '1990-02-28', DATETIME '2024-02-29 23:59:59.5', TIMESTAMP '2024-02-29 12:30:15.25+00', TIME '08:15:30', b'abc', ['x', 'ñ', 'x'], [3, 1, 2], ('Alameda', 10)),
    (2, 'a2', 'JOSE\u0301', 'nuñez', 'Perú', 34, -1.25, NUMERIC '-0.000000001', FALSE, DATE '2000-01-01', DATETIME '2000-01-01 00:00:00', TIMESTAMP '1969-12-31 23:59:59.999999+00', TIME '00:00:00', b'\x00\xff', [], [], ('', 0)),
    (3, 'a1', 'Straße ﬁn', '', 'CHILE', NULL, 0.0, NUMERIC '0', NULL, NULL, NULL, NULL, NULL, NULL, ['', 'Z'], [5], NULL),
    (4, NULL, NULL, NULL, NULL, -7, NULL, NULL, TRUE, DATE '1969-12-31', DATETIME '1969-12-31 12:00:00.000001', TIMESTAMP '2024-12-29 00:00:00+00', TIME '23:59:59.999999', b'', ['a,b', '12'], [-1, 0, 9223372036854775807], ('Ñandú', NULL)),
    (5, 'a5', 'ΣΑΣ 😀', '  Ana\t', 'México', 0, 1e15, NUMERIC '99999999999999999999.5', FALSE, DATE '2024-12-30', DATETIME '2024-12-30 01:02:03', TIMESTAMP '0001-01-01 00:00:00+00', TIME '12:00:00.5', b'\xc3\xb1', ['😀'], [2, 2], (NULL, -3)),
    (6, 'A1', 'İpek ı', "O'Brien", 'Chile', 120, 0.5, NUMERIC '2.5', TRUE, DATE '1582-10-15', DATETIME '9999-12-31 23:59:59.999999', TIMESTAMP '9999-12-31 23:59:59.999999+00', TIME '01:01:01.001', b'abc', ['x'], [7, -7], ('Alameda', 10))
  ])`,
  countries: `SELECT * FROM UNNEST(ARRAY<STRUCT<k INT64, pais STRING, capital STRING, habitantes INT64, pib FLOAT64>>[
    (1, 'Chile', 'Santiago', 19, 317.5), (2, 'Perú', 'Lima', 34, 242.25), (3, NULL, 'Nowhere', 0, NULL),
    (4, 'México', 'Ciudad de México', 128, 1414.5), (5, 'Chile', 'Valparaíso', NULL, 0.5), (6, 'São Tomé', '', 0, -2.0)
  ])`,
};
