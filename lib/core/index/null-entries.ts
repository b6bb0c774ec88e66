import { isObject } from '../../text/is-object.ts'
import type { IndexText } from './index-text.ts'
import { yamlFields } from './yaml-form.ts'

/**
 * The charts whose lists hold null items, with the number of them. Helm leaves such entries out, and so does
 * {@link IndexText}.
 * @param index as read from `bytes`; its charts not looked at yet
 * @throws HelmS3Error `invalid-index`
 */
export function nullEntries(index: IndexText, bytes: Uint8Array): ReadonlyMap<string, number> {
  const counts = index.path === 'slices' ? countInSlices(index) : countInFull(index, bytes)
  return new Map([...counts].filter(([, count]) => count > 0))
}

function countInSlices(index: IndexText): Map<string, number> {
  return new Map(
    index.chartNames().map((name) => {
      const count = index.countEntries(name)
      return [name, count - index.items(name).length]
    }),
  )
}

function countInFull(index: IndexText, bytes: Uint8Array): Map<string, number> {
  const fields: unknown = index.form === 'json' ? JSON.parse(Buffer.from(bytes).toString()) : yamlFields(bytes)
  const counts = new Map<string, number>()
  for (const [field, charts] of Object.entries(isObject(fields) ? fields : {})) {
    if (field.toLowerCase() !== 'entries' || !isObject(charts)) continue
    for (const [name, list] of Object.entries(charts)) {
      counts.set(name, Array.isArray(list) ? list.filter((item) => item === null).length : 0)
    }
  }
  return counts
}
