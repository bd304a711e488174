select
  "issue_id", "company_id", "article_id", "interaction", "is_favorited", "company_name", "event_ts",
  "event_type", "event_name", "rep_id", "rep_assigned_ts", "article_category", "discovery_type", "position",
  "span_id", "article_name", "is_paperclip_enabled", "external_article_id", "_file", "_line", "_run",
  "_rescued"
from (
  select
    "issue_id", "company_id", "article_id", "interaction", "is_favorited", "company_name", "event_ts",
    "event_type", "event_name", "rep_id", "rep_assigned_ts", "article_category", "discovery_type", "position",
    "span_id", "article_name", "is_paperclip_enabled", "external_article_id", "_file", "_line", "_run",
    "_rescued",
    row_number() over (
      partition by "issue_id", "company_id", "article_id", "event_ts"
      order by "event_ts" desc nulls last, "_run" desc, "_file" desc, "_line" desc
    ) as "_rank"
  from "delivered_knowledge_base"
) as "delivered"
where "_rank" = 1
