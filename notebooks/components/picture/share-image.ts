import { generatedNote, markup, type Picture, picture } from "./picture.js";

/** The picture as an SVG file. */
export async function svgBlob(parts: Picture): Promise<Blob> {
  return new Blob([markup(drawn(parts))], { type: "image/svg+xml" });
}

/** The picture as a PNG file, of twice its size in CSS pixels, drawn from the same SVG. */
export async function pngBlob(parts: Picture): Promise<Blob> {
  const drawing = drawn(parts);
  const [width, height] = [Number(drawing.getAttribute("width")), Number(drawing.getAttribute("height"))];
  const url = URL.createObjectURL(new Blob([markup(drawing)], { type: "image/svg+xml" }));
  try {
    const image = new Image(width, height);
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width * 2, height * 2];
    const context = canvas.getContext("2d")!;
    context.scale(2, 2);
    context.drawImage(image, 0, 0, width, height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no image"))), "image/png"),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

function drawn(parts: Picture): SVGSVGElement {
  const generated = generatedNote(new Date(), document.documentElement.dataset.timezone ?? "UTC");
  return picture({ ...parts, notes: [...parts.notes, generated] });
}
