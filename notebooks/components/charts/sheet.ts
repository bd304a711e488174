import { html } from "../picture/dom.js";

const narrow = "(max-width: 599.98px), (pointer: coarse)";

/**
 * Shows a panel in its place, or nothing. On narrow screens and for fingers it is a sheet at the bottom edge: a modal dialog
 * that Escape and a tap beside it close, by `close`. The focus then returns to where it was.
 */
export function showPanel(place: HTMLElement, panel: HTMLElement | null, close: () => void): void {
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
