/** The order of two texts by their bytes in UTF-8, as stores list keys. For `sort`. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
