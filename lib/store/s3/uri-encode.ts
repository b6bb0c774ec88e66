/** Percent-encodes by RFC 3986, as AWS signs: everything except letters, digits, `-`, `.`, `_` and `~`. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** A key in the form for the path of a URL: each of its segments is encoded, whatever it holds. */
export function uriEncodePath(key: string): string {
  return key.split('/').map(uriEncode).join('/')
}
