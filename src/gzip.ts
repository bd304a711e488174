/** How many bytes a gzip says that it unpacks to; of several members the last one says it, and it may lie. */
export function saidSize(gzip: Buffer): number {
  return gzip.length < 18 ? 0 : gzip.readUInt32LE(gzip.length - 4);
}
