/** Object tags by key. */
export type Tags = Readonly<Record<string, string>>

/** Limits of S3 for the tags of an object (S3 User Guide, Categorizing your objects using tags). */
const MAX_TAGS = 10
const MAX_KEY = 128
const MAX_VALUE = 256
const ALLOWED = /^[\p{L}\p{N}\p{Zs}_.:/=+\-@]*$/u

/**
 * Reads tags as the user types them: `key=value,key2=value2`. Spaces around keys and values are removed.
 * @returns the tags, or what is wrong with them
 */
export function parseTags(text: string): { readonly tags: Tags } | { readonly problem: string } {
  const tags = new Map<string, string>()
  for (const item of text.split(',').filter((each) => each.trim() !== '')) {
    const mark = item.indexOf('=')
    if (mark < 0) return { problem: `${JSON.stringify(item.trim())} has no value: write key=value` }
    const [key, value] = [item.slice(0, mark).trim(), item.slice(mark + 1).trim()]
    const problem = problemOf(key, value)
    if (problem !== undefined) return { problem }
    if (tags.has(key)) return { problem: `the key ${JSON.stringify(key)} stands there twice` }
    tags.set(key, value)
  }
  if (tags.size > MAX_TAGS) return { problem: `${String(tags.size)} tags, and an object can have ${String(MAX_TAGS)}` }
  return { tags: Object.fromEntries(tags) }
}

/** Tags in the form of the header `x-amz-tagging`. */
export function encodeTags(tags: Tags): string {
  return Object.entries(tags)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join('&')
}

function problemOf(key: string, value: string): string | undefined {
  if (key === '') return 'a tag without a key'
  if (key.length > MAX_KEY) return `the key ${JSON.stringify(key)} is longer than ${String(MAX_KEY)} characters`
  if (value.length > MAX_VALUE)
    return `the value of ${JSON.stringify(key)} is longer than ${String(MAX_VALUE)} characters`
  if (/^aws:/i.test(key)) return 'keys that begin with aws: are for AWS alone'
  const bad = [key, value].find((text) => !ALLOWED.test(text))
  return bad === undefined
    ? undefined
    : `${JSON.stringify(bad)} holds more than letters, digits, spaces and _ . : / = + - @`
}
