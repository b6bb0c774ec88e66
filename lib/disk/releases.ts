import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { HelmS3Error } from '../errors.ts'
import { causeText } from '../sys/system-error.ts'

/**
 * Lists every release that may still run something, in every namespace and without a limit: by default Helm lists only
 * 256.
 */
const LIST = ['ls', '-A', '-o', 'json', '--max', '0', '--deployed', '--failed', '--pending', '--uninstalling']

/** The most bytes of a list of releases. A release takes a few hundred bytes. */
const MAX_LIST = 256 * 1024 * 1024

/** Milliseconds. How long Helm may take. */
const PATIENCE = 2 * 60_000

/**
 * The charts of the newest revision of each release that Helm sees in the current cluster, as `NAME-VERSION`.
 * @throws HelmS3Error `invalid-config` when Helm cannot be run, or fails
 */
export async function listReleaseCharts(program: string): Promise<readonly string[]> {
  const line = [program, ...LIST].join(' ')
  const text = await new Promise<string>((resolve, reject) => {
    execFile(program, LIST, { maxBuffer: MAX_LIST, timeout: PATIENCE }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(cannotTell(`\`${line}\` failed: ${stderr.trim() === '' ? causeText(error) : stderr.trim()}`, error))
    })
  })
  return chartsIn(text, `\`${line}\``)
}

/**
 * The charts in a file that holds what `helm ls -o json` or `-o yaml` printed.
 * @throws HelmS3Error `local-file`, `invalid-config`
 */
export async function readReleaseCharts(file: string): Promise<readonly string[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new HelmS3Error('local-file', `read the releases: open ${file}: ${causeText(cause)}`, { cause })
  }
  return chartsIn(text, file)
}

async function chartsIn(text: string, source: string): Promise<readonly string[]> {
  const { parse } = await import('yaml')
  let value: unknown
  try {
    value = parse(text, { logLevel: 'error' })
  } catch (cause) {
    throw cannotTell(`${source}: neither JSON nor YAML`, cause)
  }
  if (!Array.isArray(value)) throw cannotTell(`${source}: not the list that \`helm ls -o json\` prints`)
  return value.map((release: unknown) => {
    if (typeof release === 'object' && release !== null && 'chart' in release && typeof release.chart === 'string')
      return release.chart
    throw cannotTell(`${source}: a release without its chart`)
  })
}

function cannotTell(problem: string, cause?: unknown): HelmS3Error {
  return new HelmS3Error('invalid-config', `cannot tell which charts are in use: ${problem}`, {
    hint: 'nothing was removed; give the output of `helm ls -A -o json --max 0` in a file: --keep-in-use=FILE',
    ...(cause === undefined ? {} : { cause }),
  })
}
