import { type Centre, company } from "../simulator/centre.ts";
import type { Row } from "./issue-state.ts";
import { spelling } from "./spelling.ts";

const hired = Date.UTC(2025, 5, 2, 14);

export function dimQueues(centre: Centre): Row[] {
  return centre.queues.map(({ id, key, name }) => ({
    company_id: company.id,
    queue_key: key,
    queue_id: id,
    queue_name: name,
    company_name: company.name,
  }));
}

export function intents(centre: Centre): Row[] {
  const parents = [...new Set(centre.intents.map(({ parent }) => parent))];
  const row = (code: string, name: string, type: string, flow: string | null) => ({
    code,
    name,
    intent_type: type,
    short_description: null,
    flow_name: flow ?? undefined,
    default_disambiguation: type === "PARENT",
    actions: flow ? "flow" : null,
    company_name: company.name,
    deleted_ts: null,
  });
  return [
    ...parents.map((parent) => row(parent, parent[0] + parent.slice(1).toLowerCase(), "PARENT", null)),
    ...centre.intents.map(({ code, name, parent, flow }) =>
      row(code, name, parent === "SYSTEM" ? "SYSTEM" : "LEAF", flow),
    ),
  ];
}

/** The reps as of a UTC midnight. */
export function reps(centre: Centre, midnight: number): Row[] {
  return centre.reps.map((rep) => ({
    created_ts: spelling.isoSeconds(midnight),
    name: rep.name,
    max_slot: rep.slots,
    disabled_time: null,
    rep_id: String(rep.id),
    crm_rep_id: `demo-rep-${rep.id}`,
    rep_status: "80001",
    company_name: company.name,
  }));
}

export function repAttributes(centre: Centre): Row[] {
  return centre.reps.flatMap((rep, i) => {
    const row = (n: number, name: string, value: string) => ({
      created_ts: spelling.isoSeconds(hired + i * 60_000),
      attribute_name: name,
      attribute_value: value,
      rep_id: String(rep.id),
      rep_attribute_id: 1_200_001 + i * 2 + n,
      external_rep_id: `demo-rep-${rep.id}`,
      company_name: company.name,
    });
    return [row(0, "jobcode", `JC-${100 + rep.slots}`), row(1, "companygroup", `CG-${rep.lead.id}`)];
  });
}

/** Ids are numbers here, and the columns of the dedupe table have other names. */
export function repHierarchy(centre: Centre): Row[] {
  const row = (relationship: string, below: number, above: number) => ({
    reporting_relationship: relationship,
    subordinate_rep_id: below,
    superior_rep_id: above,
    company_name: company.name,
  });
  return [
    ...centre.reps.flatMap((rep) => [
      row("superior", rep.id, rep.lead.id),
      row("superiors_superior", rep.id, centre.head.id),
    ]),
    ...centre.leads.map((lead) => row("superior", lead.id, centre.head.id)),
  ];
}
