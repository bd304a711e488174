import { dayName, longDay } from "../metrics/format.js";
import { moments } from "../metrics/queues/known-day.js";
import { html } from "../picture/dom.js";
import { copyLink } from "./share-menu.js";
import { asOf, onUnknown, pin, readUrl, reportUnknown, writeUrl } from "./url-state.js";

/** One control of a filter bar. Its value is in the page's address unless it is the fallback. */
export interface Control {
  name: string;
  label: string;
  fallback: string;
  element: (value: string, set: (value: string) => void) => HTMLElement;
  valid: (value: string) => boolean;
  read?: (value: string) => string; // resolves aliases in the address
  text: (value: string) => string; // display text of a value
  brief?: (value: string) => string; // the same where there is little room
  dated?: boolean; // its value is the day shown
}

export interface FilterBar extends HTMLElement {
  value: Record<string, string>;
  /**
   * Shows that the data have `shown` instead of the value asked for, such as a comparison that this day lacks: in the
   * control and in copied links, and in words where the address asked for it.
   */
  settle: (name: string, shown: string) => void;
}

/**
 * A bar of filters whose values are in the page's address. Its `value` is a record of all values, and it dispatches `input`
 * on each change, so that `view(filterBar(…))` works in a page.
 */
export function filterBar(controls: Control[], ...extra: HTMLElement[]): FilterBar {
  const values = new Map<string, string>();
  for (const { name, label, fallback, valid, text, read = (value: string) => value } of controls) {
    const written = readUrl(name);
    const given = written === null ? null : read(written);
    const accepted = given !== null && valid(given);
    values.set(name, accepted ? given : fallback);
    const shown = fallback === "" ? "nothing" : text(fallback);
    reportUnknown(name, written === null || accepted ? null : { label, value: written, shown });
  }
  const bar = Object.assign(html("form", { class: "filters", "aria-label": "Filters" }), {
    value: Object.fromEntries(values),
    settle,
  });
  const settled = new Map<string, string>();
  bar.addEventListener("submit", (event) => event.preventDefault());
  const set = (name: string, fallback: string, value: string) => {
    if (values.get(name) === value) return;
    values.set(name, value);
    settled.delete(name);
    bar.value = Object.fromEntries(values);
    sum();
    writeUrl({ [name]: value === fallback ? null : value });
    bar.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const fields = html("div", { class: "filter-fields", id: "filter-fields" });
  const chosen = html("span", {});
  const sum = () => {
    const texts = controls.map(({ name, text, brief = text }) => html("bdi", {}, brief(values.get(name) ?? "")));
    chosen.replaceChildren(...texts.flatMap((text, i) => (i ? [" · ", text] : [text])));
  };
  sum();
  bar.append(foldButton(chosen, fields), fields);
  for (const { name, label, fallback, element } of controls) {
    const control = element(values.get(name) ?? fallback, (value) => set(name, fallback, value));
    control.id ||= `filter-${name}`;
    fields.append(
      html("div", { class: "filter" }, html("label", { for: control.id, id: `label-${name}` }, label), control),
    );
    if (control.getAttribute("role") === "radiogroup") control.setAttribute("aria-labelledby", `label-${name}`);
  }
  fields.append(html("div", { class: "filter-extra" }, extra, copyButton()));
  bar.addEventListener("input", (event) => {
    if (event.target !== bar) event.stopImmediatePropagation(); // events of the controls
  });
  const dated = controls.some((control) => control.dated);
  pin("filters", () => ({ ...bar.value, ...Object.fromEntries(settled), ...(dated ? { [asOf]: "" } : {}) }));
  bar.append(unknownBar());
  writeUrl({});
  return bar;

  function settle(name: string, shown: string): void {
    const control = controls.find((control) => control.name === name);
    const asked = values.get(name);
    if (!control || asked === undefined) return;
    settled.set(name, shown);
    for (const input of bar.querySelectorAll<HTMLInputElement>(`input[type=radio][name="${name}"]`))
      input.checked = input.value === shown;
    const written = readUrl(name);
    if (written !== asked) return;
    reportUnknown(name, shown === asked ? null : { label: control.label, value: written, shown: control.text(shown) });
  }
}

// On a narrow screen the filters are one line of their values, which opens them.
function foldButton(chosen: HTMLElement, fields: HTMLElement): HTMLElement {
  const button = html(
    "button",
    { type: "button", class: "filter-fold", "aria-expanded": "false", "aria-controls": fields.id },
    html("span", { class: "sr-only" }, "Filters: "),
    chosen,
  );
  button.addEventListener("click", () => {
    button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") === "false"));
  });
  return button;
}

// Values of the address that the page does not have, so that readers notice that something else is shown.
function unknownBar(): HTMLElement {
  const bar = html("div", { class: "unknown-bar", role: "status" });
  onUnknown((unknown) => {
    bar.replaceChildren();
    if (unknown.length === 0) return;
    const sentences = unknown.map(({ label, value, shown }) =>
      html(
        "span",
        {},
        `${label} `,
        html("b", {}, html("bdi", {}, shortened(value))),
        " not found; showing ",
        html("bdi", {}, shown),
        " instead. ",
      ),
    );
    bar.append(html("span", {}, sentences));
  });
  return bar;
}

function shortened(value: string): string {
  const letters = [...value];
  return letters.length > 60 ? `${letters.slice(0, 60).join("")}…` : value || "(empty)";
}

export interface Option {
  value: string;
  text: string;
}

/** A drop-down of values with their labels. */
export function choice(name: string, label: string, options: readonly Option[], fallback?: string): Control {
  return {
    ...oneOf(name, label, options, fallback),
    element(value, set) {
      const select = html(
        "select",
        { id: `filter-${name}`, name },
        options.map((option) => html("option", { value: option.value, selected: option.value === value }, option.text)),
      );
      select.addEventListener("change", () => set(select.value));
      return select;
    },
  };
}

/** Radio buttons side by side. */
export function segments(name: string, label: string, options: readonly Option[], fallback?: string): Control {
  return {
    ...oneOf(name, label, options, fallback),
    element: (value, set) =>
      html(
        "div",
        { class: "segments", role: "radiogroup" },
        options.map((option) =>
          html(
            "label",
            {},
            html("input", {
              type: "radio",
              name,
              value: option.value,
              checked: option.value === value,
              onchange: () => set(option.value),
            }),
            html("span", {}, option.text),
          ),
        ),
      ),
  };
}

/** A text to search for, set while it is typed. Spaces around it do not count. */
export function search(name: string, label: string): Control {
  return {
    name,
    label,
    fallback: "",
    valid: () => true,
    text: (value) => value,
    element(value, set) {
      const input = html("input", {
        type: "search",
        enterkeyhint: "search",
        id: `filter-${name}`,
        name,
        value,
        dir: "auto", // names may be right-to-left
        autocomplete: "off",
        spellcheck: "false",
      });
      input.addEventListener("input", () => set(input.value.trim()));
      return input;
    },
  };
}

// One of the options, by default the first.
function oneOf(name: string, label: string, options: readonly Option[], fallback = options[0]?.value ?? "") {
  return {
    name,
    label,
    fallback,
    valid: (value: string) => options.some((option) => option.value === value),
    text: (value: string) => options.find((option) => option.value === value)?.text ?? value,
  };
}

/** The length of an interval in minutes: by default 15, or 60 where there is no room for more columns. */
export function intervalLength(): Control {
  const lengths = ["15", "30", "60"].map((value) => ({ value, text: `${value} min` }));
  return segments("interval", "Interval", lengths, innerWidth < 600 ? "60" : "15");
}

/** Whether closed hours before and after the day's figures are drawn too. */
export function drawnHours(): Control {
  return segments("hours", "Hours", [
    { value: "open", text: "Open" },
    { value: "all", text: "Whole day" },
  ]);
}

/** The moment whose state of knowledge is shown: now, or a half-hour of the day's clock. */
export function knownAt(): Control {
  return choice(
    "known",
    "As known at",
    moments.map((value) => ({ value, text: value === "now" ? "Now" : value })),
  );
}

/**
 * A day from an ascending list, by default the newest, with buttons for the previous, next and newest. In the address,
 * "today" and "yesterday" mean the newest and the one before, for links that work every day. It is one tab stop: arrow keys
 * step by a day, PageUp and PageDown by seven, Home and End go to the ends, Enter opens the browser's calendar.
 */
export function dayPicker(name: string, label: string, days: readonly string[], fallback = days.at(-1) ?? ""): Control {
  const brief = (day: string) => (day ? `${dayName(day)} ${day.slice(0, 4)}` : "–");
  return {
    name,
    label,
    fallback,
    valid: (value) => days.includes(value),
    text: longDay,
    brief,
    dated: true,
    read: (value) => (value === "today" ? days.at(-1) : value === "yesterday" ? days.at(-2) : null) ?? value,
    element(value, set) {
      let at = days.indexOf(value);
      const last = days.length - 1;
      const shown = html("span", {
        class: "day",
        role: "spinbutton",
        tabindex: 0,
        "aria-labelledby": `label-${name}`,
        "aria-valuemin": 0,
        "aria-valuemax": Math.max(0, last),
      });
      // for pointers: it lies over the text and has the calendar
      const input = html("input", {
        type: "date",
        tabindex: -1,
        "aria-hidden": "true",
        min: days[0],
        max: days.at(-1),
      });
      const before = step("‹", "Day before", () => go(at - 1));
      const after = step("›", "Day after", () => go(at + 1));
      const newest = step("Newest", "Newest day", () => go(last));
      const show = () => {
        const day = days[at] ?? "";
        input.value = day;
        shown.textContent = brief(day);
        shown.setAttribute("aria-valuenow", String(Math.max(0, at)));
        shown.setAttribute("aria-valuetext", day ? longDay(day) : "no day");
        before.disabled = at <= 0;
        after.disabled = newest.disabled = at === last;
      };
      const go = (to: number) => {
        at = Math.min(last, Math.max(0, to));
        show();
        const day = days[at];
        if (day) set(day);
      };
      const calendar = () => {
        if (days.length > 0) input.showPicker?.();
      };
      input.addEventListener("click", calendar);
      input.addEventListener("change", () => {
        const to = days.indexOf(input.value);
        if (to >= 0) go(to);
      });
      input.addEventListener("blur", show); // of a day without data nothing is left
      shown.addEventListener("keydown", (event) => {
        const to = new Map([
          ["ArrowUp", at + 1],
          ["ArrowRight", at + 1],
          ["ArrowDown", at - 1],
          ["ArrowLeft", at - 1],
          ["PageUp", at + 7],
          ["PageDown", at - 7],
          ["Home", 0],
          ["End", last],
        ]).get(event.key);
        if (event.key === "Enter" || event.key === " ") calendar();
        else if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
        else go(to);
        event.preventDefault();
      });
      show();
      const field = html("span", { class: "day-field" }, shown, input);
      return html(
        "div",
        { class: "day-picker", role: "group", "aria-labelledby": `label-${name}` },
        before,
        field,
        after,
        newest,
      );
    },
  };
}

// Out of the tab order: the keys of the day do the same.
function step(text: string, label: string, onclick: () => void): HTMLButtonElement {
  return html("button", { type: "button", tabindex: -1, "aria-label": label, title: label, onclick }, text);
}

function copyButton(): HTMLElement {
  const button = html("button", { type: "button", class: "copy-link" }, "Copy link");
  button.addEventListener("click", async () => {
    button.textContent = await copyLink().catch(() => "Copy the address bar");
    setTimeout(() => {
      button.textContent = "Copy link";
    }, 1500);
  });
  return button;
}
