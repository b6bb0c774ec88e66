const HEAD_END = '\r\n\r\n'

/**
 * Counts the requests in what a client sends on one connection, in pieces of any size: HTTP/1.1, where each body has a
 * Content-Length, as S3 asks for it.
 */
export class RequestCounter {
  /** What has come of a head, one character a byte. */
  #head = ''
  /** Bytes of the present body that are still to come. */
  #body = 0

  /** @returns how many heads end in this piece. @throws Error when a body does not say its length */
  count(piece: Buffer): number {
    let found = 0
    let rest = this.#afterBody(piece)
    while (rest.length > 0) {
      const text = this.#head + rest.toString('latin1')
      const end = text.indexOf(HEAD_END)
      if (end < 0) {
        this.#head = text
        break
      }
      found++
      const begun = rest.subarray(end + HEAD_END.length - this.#head.length)
      this.#head = ''
      this.#body = bodyLength(text.slice(0, end))
      rest = this.#afterBody(begun)
    }
    return found
  }

  #afterBody(piece: Buffer): Buffer {
    const length = Math.min(this.#body, piece.length)
    this.#body -= length
    return piece.subarray(length)
  }
}

function bodyLength(head: string): number {
  if (/^transfer-encoding:/im.test(head)) throw new Error('requests whose body has no Content-Length are not counted')
  return Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
}
