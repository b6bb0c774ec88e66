/** An encoded word (RFC 2047, section 2): charset, encoding, text. */
const ENCODED_WORD = /=\?([^?*]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=/gi
/** White space between two encoded words is ignored (RFC 2047, section 6.2). */
const BETWEEN_WORDS = /(\?=)\s+(?==\?)/g

/**
 * The text of a metadata header. S3 answers with encoded words (RFC 2047) where a value is not ASCII; other stores
 * answer with the raw bytes of UTF-8, which HTTP clients take for Latin-1.
 *
 * @returns undefined when the text cannot be determined with certainty
 */
export function decodeHeaderText(header: string): string | undefined {
  try {
    const decoded = header
      .replace(BETWEEN_WORDS, '$1')
      .replace(ENCODED_WORD, (_word, charset: string, encoding: string, text: string) =>
        decodeWord(charset, encoding, text),
      )
    return isAscii(header) ? decoded : decode('utf-8', latin1Bytes(header))
  } catch {
    return undefined
  }
}

function decodeWord(charset: string, encoding: string, text: string): string {
  if (encoding.toLowerCase() === 'b') return decode(charset, Buffer.from(text, 'base64'))
  const bytes = text
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return decode(charset, latin1Bytes(bytes))
}

/** @throws TypeError or RangeError for bytes that are not text in this charset, and for an unknown charset */
function decode(charset: string, bytes: Uint8Array): string {
  return new TextDecoder(charset, { fatal: true }).decode(bytes)
}

/** The bytes of a Latin-1 text. @throws RangeError for a character that is not a single byte */
function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => {
    const code = character.charCodeAt(0)
    if (code > 0xff || character.length > 1) throw new RangeError('not a byte')
    return code
  })
}

function isAscii(text: string): boolean {
  return !/[^\x20-\x7e]/.test(text)
}
