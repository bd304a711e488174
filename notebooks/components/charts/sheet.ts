import { html } from "../picture/dom.js";
import type { Crosshair } from "./crosshair.js";
import { readUrl, reportUnknown, writeUrl } from "./url-state.js";

const narrow = "(max-width: 599.98px), (pointer: coarse)";

/**
 * The place of the panel of the interval that the reader picked; empty without one. The pick is in the address, by the
 * interval's label. An opened panel takes the focus; Escape, or its button, closes it and gives the focus back.
 */
export function pickedPanel(
  crosshair: Crosshair,
  options: {
    labels: readonly string[];
    pickable: (slot: number) => boolean;
    panel: (slot: number, close: () => void) => HTMLElement | null; // its h2 takes the focus
  },
): HTMLElement {
  const { labels, pickable, panel } = options;
  const container = html("div", { class: "drivers-place" });
  let shown: number | null = null;
  let opener: Element | null = null; // what had the focus
  const show = (slot: number | null) => {
    shown = slot;
    const unpick = () => crosshair.pick(slot);
    showPanel(container, slot === null ? null : panel(slot, unpick), unpick);
  };
  crosshair.pickable = pickable;
  crosshair.follow(container, () => {
    if (crosshair.picked === shown) return;
    const inside = container.contains(document.activeElement);
    if (!inside) opener = document.activeElement;
    const former = shown;
    show(crosshair.picked);
    writeUrl({ at: shown === null ? null : (labels[shown] ?? null) });
    if (shown !== null) container.querySelector("h2")?.focus({ preventScroll: true });
    else if (inside) {
      focusOn(opener);
      crosshair.set(former); // the arrow keys go on from there
    }
  });
  const closeOnEscape = (event: KeyboardEvent) => {
    if (!container.isConnected) document.removeEventListener("keydown", closeOnEscape);
    else if (event.key === "Escape" && !event.defaultPrevented && shown !== null) crosshair.pick(shown);
  };
  document.addEventListener("keydown", closeOnEscape);
  const written = readUrl("at");
  const slot = written === null ? -1 : labels.indexOf(written);
  const none = { label: "Interval", value: written ?? "", shown: "none" };
  reportUnknown("at", written === null || slot >= 0 ? null : none);
  if (slot >= 0) crosshair.picked = slot; // no listener is attached yet
  show(crosshair.picked);
  return container;
}

// The first chart in place of what has left the page, or never was, as the address opened the panel.
function focusOn(element: Element | null): void {
  const there =
    element?.isConnected && element !== document.body ? element : document.querySelector(".panel[tabindex]");
  (there as HTMLElement | SVGElement | null)?.focus({ preventScroll: true });
}

/** How to pick an interval, and a button that picks this one. `text` is of the button. */
export function pickHint(crosshair: Crosshair, slot: number, text: string): HTMLElement | null {
  if (!crosshair.pickable(slot)) return null;
  const pick = () => crosshair.picked !== slot && crosshair.pick(slot);
  return html(
    "p",
    { class: "take-apart" },
    matchMedia("(pointer: coarse)").matches
      ? "Tap an interval for its figures, and once more to take it apart. "
      : "Click an interval to take it apart, or move to it with the arrow keys and press Enter. ",
    html("button", { type: "button", onclick: pick }, text),
  );
}

/**
 * Shows a panel in its place, or nothing. On narrow screens and for fingers it is a sheet at the bottom edge: a modal dialog
 * that Escape and a tap beside it close, by `close`. The focus then returns to where it was.
 */
function showPanel(place: HTMLElement, panel: HTMLElement | null, close: () => void): void {
  place.querySelector("dialog")?.close();
  const modal = matchMedia(narrow).matches;
  if (panel === null || !modal) {
    place.replaceChildren(...(panel ? [panel] : []));
    return;
  }
  const dialog = html("dialog", { class: "sheet", "aria-labelledby": panel.getAttribute("aria-labelledby") }, panel);
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    if (dialog.isConnected) close();
  });
  place.replaceChildren(dialog);
  if (dialog.isConnected) dialog.showModal();
  else requestAnimationFrame(() => dialog.isConnected && dialog.showModal());
}
