/** The message for a gzip that unpacks to more than `sync.max_ratio` allows. */
export function bombText(unpacked: number, packed: number, maxRatio: number): string {
  return `a decompression bomb: ${packed} bytes unpack to more than ${Math.floor(unpacked / 1_000_000)} MB; if it is sound, raise \`sync.max_ratio\` (${maxRatio}) in kit.yaml`;
}

/** The unpacked size in the trailer of a gzip. It is the last member's alone, and may be false. */
export function declaredSize(gzip: Buffer): number {
  return gzip.length < 18 ? 0 : gzip.readUInt32LE(gzip.length - 4);
}
