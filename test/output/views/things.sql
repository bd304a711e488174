-- things: Not in the registry: found in the bucket.
create or replace view "raw"."things" as
select
  kit_identifier(t[1]) as "id", kit_timestamp(t[2]) as "ts", kit_bigint(t[3]) as "n", kit_double(t[4]) as "d",
  kit_boolean(t[5]) as "flag", kit_date(t[6]) as "day", t[7] as "never",
  case when t[8] is not null then j[8] end as "nested", "_file", "_line", kit_run("_file") as "_run",
  cast(case when ((kit_bigint(t[3]) is null and t[3] is not null)) then json_merge_patch(coalesce(r, '{}'), json_object('n', case when (kit_bigint(t[3]) is null and t[3] is not null) then t[3] end)) else r end as JSON) as "_rescued"
from (
  select
    json_extract_string(line, [
      '/id', '/ts', '/n', '/d', '/flag', '/day', '/never', '/nested'
    ]) as t,
    json_extract(line, [
      '/id', '/ts', '/n', '/d', '/flag', '/day', '/never', '/nested'
    ]) as j,
    null as r, "_file", "_line"
  from kit_lines('/data/raw/', 33554432, [
    '/data/raw/things/version=1/format=jsonl/dt=2026-09-02/hr=05/things.jsonl.gz'
  ])
  union all
  select
    case
      when kit_plain(line) then json_extract_string(line, [
        '/id', '/ts', '/n', '/d', '/flag', '/day', '/never', '/nested'
      ])
      else [
        kit_last(line, 'id'), kit_last(line, 'ts'), kit_last(line, 'n'), kit_last(line, 'd'),
        kit_last(line, 'flag'), kit_last(line, 'day'), kit_last(line, 'never'), kit_last(line, 'nested')
      ]
    end as t,
    case
      when kit_plain(line) then json_extract(line, [
        '/id', '/ts', '/n', '/d', '/flag', '/day', '/never', '/nested'
      ])
      else [
        kit_last_json(line, 'id'), kit_last_json(line, 'ts'), kit_last_json(line, 'n'),
        kit_last_json(line, 'd'), kit_last_json(line, 'flag'), kit_last_json(line, 'day'),
        kit_last_json(line, 'never'), kit_last_json(line, 'nested')
      ]
    end as j,
    case when not kit_plain(line) then kit_repeated(line) end as r, "_file", "_line"
  from kit_lines('/data/raw/', 33554432, [
    '/data/raw/things/version=1/format=jsonl/dt=2026-09-01/hr=05/things.jsonl.gz'
  ])
  where json_valid(line) and starts_with(trim(line, e' \t\r'), '{')
) as lines;
create or replace view "things" as
select
  "id", "ts", "n", "d", "flag", "day", "never", "nested", "_file", "_line", "_run", "_rescued"
from (
  select
    "id", "ts", "n", "d", "flag", "day", "never", "nested", "_file", "_line", "_run", "_rescued",
    row_number() over (
      partition by "id"
      order by "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "raw"."things"
) as "delivered"
where "_rank" = 1;
