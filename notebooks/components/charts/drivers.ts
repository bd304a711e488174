import { clock, count, decimal, percent, signed, type Zone } from "../metrics/format.js";
import { type Interval, offered } from "../metrics/interval.js";
import { type NetRow, requirement, type StaffingBasis } from "../metrics/net-staffing.js";
import { type GapDrivers, gapDrivers, netStaffing } from "../metrics/staffing.js";
import { type Comparison, span } from "../metrics/today.js";
import { html } from "../picture/dom.js";

/** An interval, its usual, and the drivers of its net staffing. */
export interface Explained {
  row: Interval;
  ahead: boolean; // still to come: projected contacts, scheduled staff
  now: Side;
  usual: Side; // or the forecast, with scheduled staff
  forecast: boolean; // compared with the forecast
  drivers: GapDrivers | null;
  lacking: string | null; // why there are no drivers
}

interface Side {
  contacts: number | null;
  handle: number | null; // seconds
  available: number | null; // full-time equivalents
  required: number | null;
  net: number | null;
}

/**
 * Volume, handle time and staff of one interval against the usual, or against forecast and schedule; what these lack is the
 * usual. The effects add up to the change of net staffing.
 */
export function explain(
  { over: row, ahead, contacts, handle, available, required, net }: NetRow,
  basis: StaffingBasis,
  comparison: Comparison = "usual",
): Explained {
  const forecast = comparison === "forecast" && row.forecast !== null;
  const need = requirement(basis, row.minutes);
  const now = { contacts, handle, available, required, net };
  const partial = row.state === "partial"; // the usual is for the whole interval
  const usualContacts = partial ? null : forecast ? row.forecast : row.usual;
  const usualHandle = (forecast ? row.forecastHandle : null) ?? row.former.handle;
  const usualStaff = (forecast ? row.scheduled : null) ?? row.former.available;
  const usualNeed = usualContacts === null || usualHandle === null ? null : need(usualContacts, usualHandle);
  const usual = {
    contacts: usualContacts,
    handle: usualHandle,
    available: usualStaff,
    required: usualNeed,
    net: netStaffing(usualStaff, usualNeed),
  };
  const drivers =
    now.available === null
      ? null
      : gapDrivers(
          { contacts, ahtSeconds: handle, available },
          { contacts: usualContacts, ahtSeconds: usualHandle, available: usual.available },
          row.minutes * 60,
          need,
        );
  return { row, ahead, now, usual, forecast, drivers, lacking: drivers ? null : lackOf(row, now, usual) };
}

/** The drivers in words. */
export function driverSentence({ ahead, now, usual, forecast, drivers, lacking }: Explained): string {
  if (!drivers) return lacking ?? "";
  const parts = (["volume", "aht", "staff"] as const)
    .map((name) => ({ name, effect: drivers[name] }))
    .filter(({ effect }) => Math.abs(effect) >= 0.05)
    .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
  const words = {
    volume: `volume (${decimal(now.contacts, 0)} against ${decimal(usual.contacts, 0)})`,
    aht: `handle time (${clock(now.handle)} against ${clock(usual.handle)})`,
    staff: `staff (${decimal(now.available)} ${ahead ? "scheduled" : "available"} against ${decimal(usual.available)})`,
  };
  const text = (value: number | null) => (value === null ? "–" : signed(value, 1));
  const total = `Net staffing ${ahead ? "is planned at" : "was"} ${text(now.net)}, ${forecast ? "by forecast" : "usually"} ${text(usual.net)}`;
  if (parts.length === 0) return `${total}: no driver stands out.`;
  const effects = parts.map(({ name, effect }) => `${words[name]} ${signed(effect, 1)}`);
  return `${total}: ${effects.join(", ")}; together ${signed(drivers.total, 1)} reps.`;
}

/** The headline: the largest driver. */
function driverTitle({ row, drivers, now }: Explained, zone: Zone): string {
  const names = { volume: "volume", aht: "handle time", staff: "staff" };
  const most = (["volume", "aht", "staff"] as const).reduce((a, b) =>
    drivers && Math.abs(drivers[b]) > Math.abs(drivers[a]) ? b : a,
  );
  const state =
    now.net === null
      ? `${count(now.contacts)} contacts`
      : Math.abs(now.net) < 0.5
        ? "staff and work in balance"
        : `${decimal(Math.abs(now.net))} reps ${now.net < 0 ? "too few" : "to spare"}`;
  const moved = drivers && Math.abs(drivers[most]) >= 0.5 ? `, driven most by ${names[most]}` : "";
  return `${row.pooled ? "The day so far" : span(row, zone)}: ${state}${moved}`;
}

/** The panel of a chosen interval. Its heading takes the focus. */
export function driverPanel(
  explained: Explained,
  options: { zone: Zone; service: number | null; basis: string; onClose: () => void },
): HTMLElement {
  const { row, now, usual, drivers } = explained;
  const widest = Math.max(leastScale, ...(drivers ? Object.values(drivers).map(Math.abs) : []));
  const line = (label: string, value: (side: Side) => string, effect: number | null) =>
    html(
      "tr",
      {},
      html("th", { scope: "row" }, label),
      html("td", { class: "number" }, value(now)),
      html("td", { class: "number" }, value(usual)),
      drivers && html("td", { class: "number" }, effect === null ? "–" : signed(effect, 1)),
      drivers && html("td", { class: "effect", "aria-hidden": "true" }, effect === null ? null : bar(effect / widest)),
    );
  const effect = (name: keyof GapDrivers) => drivers?.[name] ?? null;
  const close = html("button", { type: "button", onclick: options.onClose }, "Close");
  const notes = [
    `${count(offered(row))} offered, ${count(row.abandoned)} abandoned, ${options.service === null ? "no service level" : `${percent(options.service)} in time`}.`,
    row.firstOffered === null ? null : `Restated since its first delivery of ${count(row.firstOffered)} offered.`,
    drivers ? `Bars reach ${decimal(widest)} reps: left of the line fewer to spare, right of it more.` : null,
    explained.forecast
      ? `Forecast: volume${row.forecastHandle === null ? "" : " and handle time"} of the file in kit.yaml${row.scheduled === null ? "" : ", scheduled reps"}${row.forecastHandle === null || row.scheduled === null ? "; what it lacks is the usual" : ""}.`
      : `The usual: median volume of ${row.usualDays} such weekdays${row.usualExcluded.length ? `, ${row.usualExcluded.length} excluded` : ""} (issue_queues, rep_convos), their mean handle time and median staff (WFM feeds).`,
    options.basis,
  ];
  const head = ["Measure", explained.ahead ? "Expected" : "Now", explained.forecast ? "Forecast" : "Usual"].map(
    (label, i) => html("th", { scope: "col", class: i > 0 && "number" }, label),
  );
  const effects = drivers && [html("th", { scope: "col", class: "number" }, "Effect, reps"), html("td")];
  return html(
    "section",
    { class: "drivers", role: "region", "aria-labelledby": "drivers-title" },
    html("header", {}, html("h2", { id: "drivers-title", tabindex: -1 }, driverTitle(explained, options.zone)), close),
    html("p", {}, driverSentence(explained)),
    html(
      "table",
      {},
      html("thead", {}, html("tr", {}, head, effects)),
      html(
        "tbody",
        {},
        line("Volume, contacts", ({ contacts }) => decimal(contacts, 0), effect("volume")),
        line("Handle time", ({ handle }) => clock(handle), effect("aht")),
        line("Staff, available FTE", ({ available }) => decimal(available), effect("staff")),
        line("Required FTE", ({ required }) => decimal(required), null),
        line("Net staffing", ({ net }) => (net === null ? "–" : signed(net, 1)), effect("total")),
      ),
    ),
    html("p", { class: "source" }, notes.filter(Boolean).join(" ")),
  );
}

const leastScale = 0.5; // reps, so that bars of an unremarkable interval stay short

// A bar from the middle of its cell: to the left for fewer spare reps, to the right for more. -1 to 1 fill the cell.
function bar(share: number): HTMLElement {
  const width = Math.abs(share) * 50;
  return html("i", {
    class: `effect-bar ${share < 0 ? "orange" : "blue"}`,
    style: `width:${width.toFixed(2)}%;margin-left:${(share < 0 ? 50 - width : 50).toFixed(2)}%`,
  });
}

function lackOf(row: Interval, now: Side, usual: Side): string {
  if (row.state === "pending" && now.available === null) return "This interval is still to come.";
  if (row.held) return "Rep figures of this interval are held back: too few reps.";
  if (now.contacts === null) return "No data have arrived for this interval.";
  if (row.state === "partial") return "This interval is incomplete and cannot be compared with complete ones.";
  if (now.available === null) return "The membership feed has no reps in this interval.";
  if (usual.contacts === null) return "There are fewer than four such weekdays to compare with.";
  if (usual.available === null) return "The usual number of reps is unknown: fewer than four weeks, or held back.";
  return "Without a handle time there is no requirement to decompose.";
}
