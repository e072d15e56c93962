{{ config(materialized='incremental', unique_key='id', hours_to_expiration=24) }}
select id, visto, timestamp(visto) as seen_at from {{ ref('people') }}
{% if is_incremental() %}
where visto >= (select max(visto) from {{ this }})
{% endif %}
