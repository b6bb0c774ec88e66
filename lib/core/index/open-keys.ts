/** An object with more keys counts as one with a key twice, so that the search for it stays short. */
const MAX_KEYS = 64

/** The hashes of the keys of objects that stand one within the other, to find a key that one of them has twice. */
export class OpenKeys {
  readonly #hashes = new Int32Array(2 * MAX_KEYS)
  count = 0

  /**
   * Notes a key of the innermost object.
   * @param first the number of keys that were noted before that object began
   * @returns false when the same key may have been noted for it before
   */
  add(hash: number, first: number): boolean {
    const hashes = this.#hashes
    const { count } = this
    for (let index = first; index < count; index++) if (hashes[index] === hash) return false
    if (count - first >= MAX_KEYS || count >= hashes.length) return false
    hashes[count] = hash
    this.count = count + 1
    return true
  }
}
