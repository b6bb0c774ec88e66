import { formatBytes } from '../text/format.ts'
import { HelmS3Error } from '../errors.ts'

/** The error for an object with more bytes than are accepted. */
export function tooLarge(key: string, size: number, most: number): HelmS3Error {
  return new HelmS3Error(
    'too-large',
    `${key} is too large: ${formatBytes(size)}, and at most ${formatBytes(most)} are read`,
    {
      hint: 'see "Limits" in docs/FORMAT.md',
    },
  )
}
