/** By RFC 3986, as AWS signs: all but letters, digits, `-`, `.`, `_` and `~`. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** A key as it stands in the path of a URL: its segments encoded, whatever they are. */
export function uriEncodePath(key: string): string {
  return key.split('/').map(uriEncode).join('/')
}
