/** The tables of wfm.* that CSV files of the customer fill, one row per queue and 15-minute window. Empty without a file. */
export const plannedColumns = {
  forecast: { queue: "VARCHAR", window_start: "TIMESTAMP", contacts: "DOUBLE", aht_seconds: "DOUBLE" },
  schedule: { queue: "VARCHAR", window_start: "TIMESTAMP", scheduled_fte: "DOUBLE" },
} as const;

export type Planned = keyof typeof plannedColumns;

/** The statement that creates wfm.forecast or wfm.schedule. */
export function createPlanned(name: Planned): string {
  const columns = Object.entries(plannedColumns[name]).map(([column, type]) => `${column} ${type}`);
  return `create table wfm.${name} (${columns.join(", ")})`;
}
