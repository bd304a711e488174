const spare: Buffer<ArrayBuffer>[] = [];
const mostSpare = 64;

/** An object goes to disk, and into another thread to be checked, in pieces of this size. */
export const batchBytes = 512 * 1024;

/** Memory for a piece, used before where possible: fresh pages and their collection cost as much as the MD5 of what they hold. */
export function takeBatch(): Buffer<ArrayBuffer> {
  return spare.pop() ?? Buffer.allocUnsafeSlow(batchBytes);
}

/** Gives memory back of which nobody reads any more. */
export function returnBatch(memory: ArrayBuffer): void {
  if (memory.byteLength === batchBytes && spare.length < mostSpare) spare.push(Buffer.from(memory));
}
