import { FAULTS } from './s3-fault.ts'

/** The positions of the first and the last byte. */
export type Range = readonly [first: number, last: number]

/**
 * First and last byte of `bytes=first-last`, `bytes=first-` or `bytes=-count` in an object of `size` bytes (RFC 9110,
 * section 14). Undefined, which means the whole object: there is no range, there are several, or the range is not
 * valid.
 * @throws S3Fault `InvalidRange` when no byte of the object lies in the range
 */
export function byteRange(range: string | undefined, size: number): Range | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? '')
  if (match === null) return undefined
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return undefined
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start >= size) throw FAULTS.invalidRange()
  return [start, end]
}
