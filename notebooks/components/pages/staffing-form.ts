import { pin, readUrl, reportUnknown, writeUrl } from "../charts/url-state.js";
import { html } from "../picture/dom.js";
import type { Prefill, StaffingField, StaffingInputs } from "./staffing-model.js";

interface Field {
  name: StaffingField;
  parameter: string; // in the address
  label: string;
  unit: string;
  step: number;
  min: number;
  max: number;
  percent?: boolean;
}

const fields: Field[] = [
  {
    name: "contacts",
    parameter: "volume",
    label: "Contacts",
    unit: "per interval",
    step: 1,
    min: 0,
    max: 50_000,
  },
  { name: "aht", parameter: "aht", label: "Handle time", unit: "seconds", step: 5, min: 1, max: 86_400 },
  {
    name: "concurrency",
    parameter: "chats",
    label: "Concurrent chats",
    unit: "per rep",
    step: 0.1,
    min: 1,
    max: 20,
  },
  {
    name: "target",
    parameter: "target",
    label: "Target",
    unit: "%",
    step: 1,
    min: 1,
    max: 99.9,
    percent: true,
  },
  { name: "seconds", parameter: "seconds", label: "within", unit: "seconds", step: 5, min: 0, max: 86_400 },
  {
    name: "patience",
    parameter: "patience",
    label: "Mean patience",
    unit: "seconds",
    step: 10,
    min: 1,
    max: 86_400,
  },
  {
    name: "shrinkage",
    parameter: "shrinkage",
    label: "Shrinkage",
    unit: "%",
    step: 1,
    min: 0,
    max: 95,
    percent: true,
  },
  {
    name: "cap",
    parameter: "cap",
    label: "Occupancy cap",
    unit: "%",
    step: 1,
    min: 1,
    max: 100,
    percent: true,
  },
  {
    name: "reps",
    parameter: "reps",
    label: "Try with reps",
    unit: "on the queue",
    step: 1,
    min: 1,
    max: 5_000,
  },
];

function inForm({ percent }: Field, value: number | null): string {
  return value === null ? "" : String(percent ? Number((value * 100).toFixed(1)) : value);
}

let lastQueue: string | null = null;

/**
 * The prefilled inputs of the what-if. The reader's changes are in the address and are dropped when another queue is
 * chosen. Dispatches `input` on each change, so that `view(staffingForm(…))` works in a page.
 */
export function staffingForm(
  own: Record<StaffingField, Prefill>,
  queue: string,
  minutes: number,
): HTMLElement & { value: StaffingInputs } {
  const frame = `${queue} ${minutes}`;
  if (lastQueue !== null && lastQueue !== frame)
    writeUrl(Object.fromEntries(fields.map(({ parameter }) => [parameter, null])));
  lastQueue = frame;
  const given = new Map<StaffingField, number>();
  for (const field of fields) {
    const text = readUrl(field.parameter);
    const value = text === null || text.trim() === "" ? Number.NaN : Number(text);
    const fits = value >= field.min && value <= field.max;
    if (fits && text !== inForm(field, own[field.name].value))
      given.set(field.name, field.percent ? value / 100 : value);
    const shown = inForm(field, own[field.name].value) || "nothing";
    reportUnknown(field.parameter, text === null || fits ? null : { label: field.label, value: text, shown });
  }
  pin("what-if", () =>
    Object.fromEntries(
      fields.map((field) => [field.parameter, inForm(field, given.get(field.name) ?? own[field.name].value)]),
    ),
  );
  const current = (): StaffingInputs => {
    const values = fields.map(({ name }) => [name, given.get(name) ?? own[name].value]);
    return { ...(Object.fromEntries(values) as unknown as Record<StaffingField, number | null>), minutes };
  };
  const form = Object.assign(html("form", { class: "what-if", "aria-label": "What if" }), {
    value: current(),
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  const send = () => {
    form.value = current();
    form.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const resets: (() => void)[] = [];
  for (const field of fields) {
    const { name, parameter, label, unit, step, min, max } = field;
    const id = `what-if-${name}`;
    const input = html("input", {
      type: "number",
      id,
      name,
      min,
      max,
      step: "any",
      inputmode: "decimal",
      "aria-describedby": `${id}-source`,
      value: inForm(field, given.get(name) ?? own[name].value),
      placeholder: name === "reps" ? "needed" : null,
    });
    const source = html("span", { class: "what-if-source", id: `${id}-source` });
    const say = () => {
      source.textContent = given.has(name)
        ? own[name].value === null
          ? "set by you"
          : `set by you; was ${inForm(field, own[name].value)}`
        : own[name].source;
    };
    const read = () => {
      const number = input.value === "" ? Number.NaN : Number(input.value);
      const wrong = input.value !== "" && !(number >= min && number <= max);
      input.setAttribute("aria-invalid", String(wrong));
      if (wrong) {
        source.textContent = `from ${min} to ${max}`;
        return;
      }
      const value = field.percent ? number / 100 : number;
      if (Number.isNaN(number) || input.value === inForm(field, own[name].value)) given.delete(name);
      else given.set(name, name === "reps" ? Math.round(value) : value);
      writeUrl({ [parameter]: given.has(name) ? input.value : null });
      say();
      send();
    };
    const nudge = (by: number) => {
      const now = input.value === "" ? (name === "reps" ? 0 : min) : Number(input.value);
      input.value = String(Number(Math.min(max, Math.max(min, now + by)).toFixed(2)));
      read();
    };
    input.addEventListener("input", (event) => {
      event.stopPropagation(); // events of the fields
      read();
    });
    input.addEventListener("change", () => {
      if (input.value === "" && own[name].value !== null) input.value = inForm(field, own[name].value);
    });
    resets.push(() => {
      given.delete(name);
      input.value = inForm(field, own[name].value);
      input.removeAttribute("aria-invalid");
      say();
    });
    say();
    form.append(
      html(
        "div",
        { class: "what-if-field" },
        html("label", { for: id }, label, html("small", {}, ` ${unit}`)),
        html(
          "div",
          { class: "stepper" },
          html("button", { type: "button", "aria-label": `${label}: less`, onclick: () => nudge(-step) }, "−"),
          input,
          html("button", { type: "button", "aria-label": `${label}: more`, onclick: () => nudge(step) }, "+"),
        ),
        source,
      ),
    );
  }
  form.append(
    html(
      "button",
      {
        type: "button",
        class: "what-if-reset",
        onclick: () => {
          for (const reset of resets) reset();
          writeUrl(Object.fromEntries(fields.map(({ parameter }) => [parameter, null])));
          send();
        },
      },
      "Reset to the queue's figures",
    ),
  );
  return form;
}
