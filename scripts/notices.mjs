// THIRD-PARTY-NOTICES: whose work the bundle and the executables carry, and under which licence, from what is really
// bundled.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const LICENCE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i
const LINE = '-'.repeat(100)

/** The folders of the packages of which something stands in the outputs of esbuild, in order. */
export function bundledPackages({ outputs }) {
  const folders = new Set()
  for (const { inputs } of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = bytesInOutput > 0 ? packageFolder(file) : undefined
      if (folder !== undefined) folders.add(folder)
    }
  }
  return [...folders].sort()
}

/**
 * `node_modules/a/node_modules/@b/c`, or undefined for a file of this program, or one that the build makes
 * (`NAMESPACE:...`).
 */
function packageFolder(file) {
  return /^([^:]*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]
}

/**
 * The notices of these packages, each with the text of its licence, and those of the run time of the executables.
 * @throws Error for a package that says nothing of its licence
 */
export function thirdPartyNotices(root, folders) {
  const seen = new Map()
  for (const folder of folders) {
    const path = join(root, folder)
    const { author, license, name, version } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
    const title = `${name} ${version}`
    if (typeof license !== 'string') throw new Error(`${title} says nothing of its licence`)
    seen.set(title, `${title}\nLicence: ${license}\n\n${textsIn(path, root, license, author)}\n`)
  }
  const packages = [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text)
  const { dependencies } = JSON.parse(readFileSync(join(root, 'scripts/executable/bun/package.json'), 'utf8'))
  const text = (name) => readFileSync(join(root, 'scripts/notices', name), 'utf8').trim()
  const runtime = [
    text('bun.txt').replaceAll('VERSION', dependencies.bun),
    text('LGPL-2.txt'),
    text('LGPL-2.1.txt'),
    text('Apache-2.0.txt'),
  ]
  const head =
    `helm s3 carries the work of others. What follows is in dist/helm-s3.bundle.cjs and in the ` +
    `executables made of it; the last\nparts, about Bun, are for the executables, of which it is the run time.\n`
  return [head, ...packages, ...runtime.map((part) => `${part}\n`)].join(`\n${LINE}\n\n`)
}

/** What lies in the package; where there is nothing, the text of the licence that it names. */
function textsIn(path, root, license, author) {
  const files = readdirSync(path)
    .filter((file) => LICENCE.test(file))
    .sort()
  if (files.length > 0)
    return files.map((file) => readFileSync(join(path, file), 'utf8').replaceAll('\r\n', '\n').trim()).join('\n\n')
  const standard = join(root, `scripts/notices/${license}.txt`)
  if (!existsSync(standard))
    throw new Error(`${path} has no text of its licence, and there is none in scripts/notices for ${license}`)
  const holder = typeof author === 'string' ? author : author?.name
  return `${holder === undefined ? '' : `Copyright (c) ${holder}\n\n`}${readFileSync(standard, 'utf8').trim()}`
}
