const spare: Buffer<ArrayBuffer>[] = [];
const mostSpare = 64;

/** The size of the pieces in which an object is written to disk and passed to the checking thread. */
export const batchBytes = 512 * 1024;

/** Memory for a piece, reused where possible: allocating and collecting it costs as much as an MD5 of its content. */
export function takeBatch(): Buffer<ArrayBuffer> {
  return spare.pop() ?? Buffer.allocUnsafeSlow(batchBytes);
}

/** Returns memory that is no longer read. */
export function returnBatch(memory: ArrayBuffer): void {
  if (memory.byteLength === batchBytes && spare.length < mostSpare) spare.push(Buffer.from(memory));
}
