{{ config(materialized='view') }}
select id, nombre, pais, edad from {{ ref('people') }} where edad >= 18 or edad is null
