import { whileBusy } from '../../../sys/busy.ts'
import { versionKey } from '../../log/entry.ts'
import type { IndexForm } from '../index-entry.ts'
import { newItem } from '../index-item.ts'
import { type IndexText, indexOfParts, readIndexText } from '../index-text.ts'
import { plainBytes } from '../yaml-form.ts'
import { salvageJson } from './salvage-json.ts'
import { salvageYaml } from './salvage-yaml.ts'
import { type Found, LINE_FEED, type Salvaged } from './salvaged-parts.ts'

/**
 * Takes apart the text of an index that Helm refuses, and keeps everything that can be used.
 *
 * - Each entry is looked at by itself, so that a broken entry does not affect another one.
 * - Entries that are intact keep their bytes.
 * - In a damaged entry, a scalar of a wrong type becomes the text that stands there. A field that cannot be read, or
 *   that Helm does not know, is left out. The rest stays.
 * - An entry without a name stays under the chart whose name stands before it. When both names are missing, the entry
 *   is lost.
 * - An item that is null, or intact but without a version, is not an entry for Helm either. It is left out, unless the
 *   file that it names tells its version.
 * - Of text that is not an index, nothing is kept.
 *
 * @throws HelmS3Error `timeout` only, whatever the bytes are
 */
export function salvageIndex(bytes: Uint8Array): Salvaged {
  return whileBusy(() => salvage(bytes))
}

function salvage(bytes: Uint8Array): Salvaged {
  const text = plainBytes(bytes)
  const [json, yaml] = [
    salvageJson(text),
    salvageYaml(text.at(-1) === LINE_FEED ? text : Buffer.concat([text, Buffer.from('\n')])),
  ]
  const isJson =
    count(json) > count(yaml) || (count(json) === count(yaml) && text.includes('{') && !text.includes('entries:'))
  const { charts, header, lost, mayBeCut, mended, skipped } = isJson ? json : yaml
  const kept = count({ charts })
  const form: IndexForm = isJson || kept === 0 ? 'json' : 'yaml'
  const index = indexOfParts(form, header, charts)
  if (isReadable(index)) return { index, kept, mended, lost, skipped, mayBeCut }
  const renewed = new Map([...charts].map(([name, items]) => [name, items.map(({ entry }) => newItem(entry))]))
  return { index: indexOfParts(form, header, renewed), kept, mended, lost, skipped, mayBeCut }
}

function count({ charts }: Pick<Found, 'charts'>): number {
  return [...charts.values()].reduce((sum, items) => sum + items.length, 0)
}

function isReadable(index: IndexText): boolean {
  try {
    const again = readIndexText(index.toBytes())
    const wanted = index.chartNames().flatMap((name) => index.versions(name).map(versionKey))
    return (
      again
        .chartNames()
        .flatMap((name) => again.versions(name).map(versionKey))
        .join() === wanted.join()
    )
  } catch {
    return false
  }
}
