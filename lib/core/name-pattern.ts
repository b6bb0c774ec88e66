import picomatch from 'picomatch'

/** Whether a name or a version matches a glob: `*`, `?`, `[a-z]`, `{a,b}`. A dot is a character like any other. */
export function namePattern(glob: string): (text: string) => boolean {
  return picomatch(glob, { dot: true, nonegate: true, noextglob: true, noglobstar: true })
}
