import { html } from "../picture/dom.js";

const pause = 250; // milliseconds

let line: HTMLElement | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Has screen readers say a text after a pause: of several in a row, as from a key held down, only the last. */
export function announce(text: string): void {
  if (!line?.isConnected) {
    line = html("div", { class: "sr-only", role: "status", id: "announced" });
    document.body.append(line);
  }
  const place = line;
  clearTimeout(timer);
  timer = setTimeout(() => {
    place.textContent = text;
  }, pause);
}
