{{ config(materialized='table', labels={'team': 'analysts'}, cluster_by=['pais']) }}
select pais, count(*) as people, struct(min(id) as first_id, array_agg(nombre order by id) as names) as detail
from {{ ref('adults') }}
group by pais
