import { isObject } from '../text/is-object.ts'
import { parseGoYamlLeniently } from '../yaml/load.ts'
import { HelmS3Error } from '../errors.ts'
import { invalidChart } from './invalid-chart.ts'

/**
 * The mapping that a YAML file of a chart holds, as Helm's lenient loader reads it: only the first document, with whole
 * numbers as bigints. Undefined for a file without content.
 * @param file its name, for messages
 * @throws HelmS3Error `invalid-chart` when Helm would refuse the text
 */
export function readHelmYaml(bytes: Uint8Array, file: string): Readonly<Record<string, unknown>> | undefined {
  const value = parse(bytes, file)
  if (value === null) return undefined
  if (!isObject(value)) throw cannotLoad(file, 'it holds no mapping')
  return value
}

/** The error for a file whose content Helm would refuse. */
export function cannotLoad(file: string, problem: string, cause?: unknown): HelmS3Error {
  return invalidChart(`cannot load ${file}: ${problem}`, `repair ${file} and package the chart again`, cause)
}

function parse(bytes: Uint8Array, file: string): unknown {
  const text = decode(bytes, file)
  try {
    return parseGoYamlLeniently(text)
  } catch (cause) {
    if (cause instanceof HelmS3Error) throw cause
    throw cannotLoad(file, cause instanceof Error ? cause.message : 'it is not YAML', cause)
  }
}

/** Characters that also break lines in YAML 1.1. The first ones mean the same as a line feed. */
const BREAKS = /\r\n?|\x85|(?<![ \t])[ \t]*[\u2028\u2029][ \t]*/g

function decode(bytes: Uint8Array, file: string): string {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
    return text.replace(BREAKS, (found) => (/[\u2028\u2029]/.test(found) ? found.trim() : '\n'))
  } catch (cause) {
    throw cannotLoad(file, 'it is not UTF-8', cause)
  }
}
