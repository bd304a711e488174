const table = new Int32Array(256).map((_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC32 of the bytes as S3 writes it: four bytes, highest first, in base64. */
export function crc32(bytes: Uint8Array): string {
  let value = -1;
  for (let i = 0; i < bytes.length; i++) value = (value >>> 8) ^ table[(value ^ bytes[i]!) & 0xff]!;
  const four = Buffer.alloc(4);
  four.writeInt32BE(~value);
  return four.toString("base64");
}
