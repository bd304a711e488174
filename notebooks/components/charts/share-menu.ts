import type { Numbers } from "../picture/csv.js";
import { html } from "../picture/dom.js";
import type { Picture } from "../picture/picture.js";
import type { ReceiptOf } from "../receipt/receipt.js";
import { save, saveCsv, saveWorkbook, tellStatus } from "./save.js";
import { pinnedUrl } from "./url-state.js";

/** What a menu shares: a picture, its numbers, and a link. */
export interface Shared<T> {
  file: string; // name of saved files, without extension
  name: string; // names the sheet of a workbook
  anchor?: string; // id of the link's target
  picture: () => Picture;
  numbers: () => Numbers<T>;
  receipt?: ReceiptOf | undefined;
}

type Item = [text: string, act: () => Promise<string>]; // resolves to a status message

/**
 * A button with a menu that saves or copies what is shown. The code for pictures is loaded when it opens, that for workbooks
 * when one is asked for.
 */
export function shareMenu<T>(title: string, shared: Shared<T>, label = "⋯"): HTMLElement {
  const status = html("span", { class: "share-status", role: "status" });
  const images = () => import("../picture/share-image.js");
  const picture = () => ({ ...shared.picture(), receipt: shared.receipt?.("card") });
  const items: Item[] = [
    ["Save as PNG", async () => save(await (await images()).pngBlob(picture()), `${shared.file}.png`)],
    ["Save as SVG", async () => save(await (await images()).svgBlob(picture()), `${shared.file}.svg`)],
    ["Save numbers as CSV", async () => saveCsv(shared.numbers(), shared.file)],
    ["Save as Excel workbook", () => saveWorkbook(savedOf(shared))],
    ["Copy image", () => copyImage(images().then(({ pngBlob }) => pngBlob(picture())))],
    // a mailed file has no address to share
    ...(document.documentElement.dataset.standalone
      ? []
      : [["Copy link", () => copyLink(shared.anchor)] satisfies Item]),
  ];
  const buttons = items.map(([text, act]) =>
    html(
      "button",
      {
        type: "button",
        role: "menuitem",
        tabindex: -1,
        onclick: () => {
          close(true);
          return tellStatus(status, act);
        },
      },
      text,
    ),
  );
  const menu = html("div", { class: "share-items", role: "menu", "aria-label": `Share: ${title}` }, buttons);
  const opener = html(
    "button",
    {
      type: "button",
      class: "share-open",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-label": `Share: ${title}`,
      title: "Share",
      onclick: () => (menu.hidden ? open(0) : close(true)),
    },
    label,
  );
  const element = html("div", { class: "share-menu" }, status, opener, menu);
  menu.hidden = true;

  const outside = (event: Event) => {
    if (!element.contains(event.target as Node)) close(false);
  };
  const open = (at: number) => {
    menu.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside);
    buttons.at(at)?.focus();
    images().catch(() => {}); // preloads while the reader chooses
  };
  const close = (focus: boolean) => {
    menu.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside);
    if (focus) opener.focus();
  };
  element.addEventListener("focusout", (event) => {
    const next = event.relatedTarget as Node | null;
    if (next && !element.contains(next)) close(false);
  });
  element.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    if (menu.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) open(event.key === "ArrowDown" ? 0 : -1);
    else if (menu.hidden) return;
    else if (event.key === "Escape") close(true);
    else if (event.key === "ArrowDown") buttons[(at + 1) % buttons.length]?.focus();
    else if (event.key === "ArrowUp") buttons.at(at - 1)?.focus();
    else if (event.key === "Home") buttons.at(0)?.focus();
    else if (event.key === "End") buttons.at(-1)?.focus();
    else return;
    event.preventDefault();
  });
  return element;
}

function savedOf<T>({ file, name, anchor, receipt, picture, numbers }: Shared<T>) {
  const { title, lead, charts, notes } = picture();
  const measures = charts.flatMap(({ subtitle }) => subtitle ?? []);
  return { file, name, anchor, receipt, title, words: [lead, ...measures, ...notes], ...numbers() };
}

// Browsers allow clipboard access only during the click; the image may follow later.
async function copyImage(png: Promise<Blob>): Promise<string> {
  if (typeof ClipboardItem === "undefined" || !navigator.clipboard?.write)
    throw new Error("this browser copies images on https pages only; save the PNG instead");
  await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
  return "Image copied";
}

/** Copies a link to what is shown, with its day and filters. Resolves to a status message. */
export async function copyLink(anchor = ""): Promise<string> {
  if (!navigator.clipboard) throw new Error("copy the address bar");
  await navigator.clipboard.writeText(pinnedUrl(anchor));
  return "Link copied";
}
