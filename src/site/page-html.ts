/**
 * A page of Framework with what its template lacks: the language, zoom, a named menu button, a valid list in the menu, a link
 * past the menu, and words for browsers without JavaScript.
 */
export function completePage(html: string): string {
  const [closeButton = ""] = /<label id="observablehq-sidebar-close"[^>]*><\/label>\s*/.exec(html) ?? [];
  return html
    .replace(/^<html>/m, '<html lang="en">')
    .replace(", maximum-scale=1", "")
    .replace(closeButton, "")
    .replace("</nav>", `${closeButton}</nav>`)
    .replace('id="observablehq-sidebar-toggle"', '$& aria-label="Menu" autocomplete="off"')
    .replace('id="observablehq-sidebar"', '$& aria-label="Pages"')
    .replace(/^<body>/m, '$&\n<a class="skip-link" href="#observablehq-main">Skip to the content</a>')
    .replace(/<main /, html.includes("masthead(") ? "<main data-masthead " : "<main ")
    .replace(/<main [^>]*>/, (main) => `${main}\n<noscript>${withoutScripts(titleOf(html))}</noscript>`);
}

function titleOf(html: string): string {
  return (/<title>([^|<]*)/.exec(html)?.[1] ?? "").trim();
}

function withoutScripts(title: string): string {
  return [
    `<h1>${title}</h1>`,
    "<p>Charts, tables and CSV files are made in the browser: switch on JavaScript for this site. It loads nothing from other",
    "hosts. Without JavaScript, ask for a day as picture, PDF or page with its table: <code>asapp-kit share</code> makes",
    "them. The numbers behind this site are JSON files in its folders <code>data</code> and <code>_file/data</code>.</p>",
  ].join("\n");
}
