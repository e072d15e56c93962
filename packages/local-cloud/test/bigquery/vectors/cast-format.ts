import type { Vectors } from './vectors.ts';

export const CAST_FORMAT: Vectors = [
  [
    "CAST(DATE '2024-02-09' AS STRING FORMAT 'YYYY-MM-DD'), CAST(DATE '2024-02-09' AS STRING FORMAT 'DD/MM/YY'), CAST(DATE '2024-02-09' AS STRING FORMAT 'MONTH Month month MON Mon mon'), CAST(DATE '2024-02-09' AS STRING FORMAT 'DAY Day day DY Dy dy D'), CAST(DATE '2024-02-09' AS STRING FORMAT 'DDD YYY Y RRRR RR'), CAST(DATE '0005-02-09' AS STRING FORMAT 'YYYY YY')",
    [
      '2024-02-09',
      '09/02/24',
      'FEBRUARY February february FEB Feb feb',
      'FRIDAY Friday friday FRI Fri fri 6',
      '040 024 4 2024 24',
      '0005 05',
    ],
  ],
  [
    "CAST(TIMESTAMP '2024-02-09 15:04:05.678+00' AS STRING FORMAT 'YYYY-MM-DD HH24:MI:SS.FF3 TZH:TZM'), CAST(TIMESTAMP '2024-02-09 15:04:05.678+00' AS STRING FORMAT 'HH:MI AM HH12 P.M. pm SSSSS' AT TIME ZONE 'America/Santiago'), CAST(DATETIME '2024-02-09 15:04:05.678' AS STRING FORMAT 'FF6 FF1 FF9 a.m. A.M.'), CAST(TIME '15:04:05' AS STRING FORMAT 'HH24MISS')",
    ['2024-02-09 15:04:05.678 +00:00', '12:04 PM 12 P.M. pm 43445', '678000 6 678000000 p.m. P.M.', '150405'],
  ],
  [
    "CAST(DATE '2024-02-09' AS STRING FORMAT 'yyyy\"año\"mm;dd'), CAST(DATE '2024-02-09' AS STRING FORMAT ''), CAST(NULL AS STRING FORMAT 'YYYY')",
    ['2024año02;09', '', null],
  ],
  ["CAST(DATE '2024-02-09' AS STRING FORMAT 'HH24')", "DATE does not support 'HH24'"],
  ["CAST(DATE '2024-02-09' AS STRING FORMAT 'xx')", 'Cannot find matched format element at 0'],
  ["CAST(TIME '15:04:05' AS STRING FORMAT 'YYYY')", "TIME does not support 'YYYY'"],
  [
    "CAST(DATE '2024-02-09' AS STRING FORMAT 'Q WW IW W J CC SYYYY')",
    'Cannot find matched format element at 0',
  ],
  [
    "CAST(TIMESTAMP '2024-02-09 15:04:05+00' AS STRING AT TIME ZONE 'America/Santiago')",
    'Syntax error: Expected ")" but got keyword AT',
  ],
  ["CAST(DATE '2024-02-09' AS STRING FORMAT 'Mon. AM')", "DATE does not support 'AM'"],
  [
    "CAST(DATETIME '2024-02-09 01:02:03' AS STRING FORMAT 'Am pM a.M. mONTH MOnth'), CAST(DATETIME '2024-02-09 01:02:03' AS STRING FORMAT 'HH24\"h\\\\\"x\"MI')",
    ['AM am a.m. february FEBRUARY', '01h"x02'],
  ],
  [
    "CAST(DATE '2024-02-09' AS STRING FORMAT CONCAT('YY', 'MM')), CAST(DATE '2024-02-09' AS STRING FORMAT NULL)",
    ['2402', null],
  ],
  ["CAST(DATE '2024-02-09' AS STRING FORMAT 'YYYY é')", 'Cannot find matched format element at 5'],
  ["CAST(DATE '2024-02-09' AS STRING FORMAT 'TZH')", "DATE does not support 'TZH'"],
  ["CAST(DATETIME '2024-02-09 01:02:03' AS STRING FORMAT 'TZH')", "DATETIME does not support 'TZH'"],
  [
    "CAST(DATE '2024-02-09' AS STRING FORMAT 'YYYY' AT TIME ZONE 'UTC')",
    'AT TIME ZONE is not allowed for cast from DATE to STRING',
  ],
  [
    "CAST(TIMESTAMP '2024-02-09 15:04:05.678+00' AS STRING FORMAT 'TZH:TZM' AT TIME ZONE '-03:30')",
    ['-03:30'],
  ],
  [
    "CAST(TIMESTAMP '2024-02-09 15:04:05.678+00' AS STRING FORMAT 'TZH:TZM' AT TIME ZONE 'nope')",
    'Invalid time zone: nope',
  ],
  ["CAST([DATE '2024-02-09'][OFFSET(0)] AS STRING FORMAT 'MM \"x\" DD')", ['02 x 09']],
];
