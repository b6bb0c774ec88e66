import picomatch from 'picomatch'

/** Whether a name or a version matches a glob: `*`, `?`, `[a-z]`, `{a,b}`. A dot is a character like any other. */
export function namePattern(glob: string): (text: string) => boolean {
  // The library refuses an empty one.
  if (glob === '') return (text) => text === ''
  return picomatch(glob, { dot: true, nonegate: true, noextglob: true, noglobstar: true })
}
