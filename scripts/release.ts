import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { compile } from './executable/compile.ts'
import { TARGETS, type Target } from './executable/targets.ts'
import { pluginFiles } from './release/plugin-files.ts'
import { type Signed, type SigningKey, writeProvenances } from './release/provenance.ts'
import { sha256Of, writeTarball } from './release/tarball.ts'

/**
 * `npm run release`: dist/release/ with an archive of the plugin for each platform, their checksums, and with `--key` a
 * provenance file for each. The same tree gives the same archives, with the same version of Node.js.
 */

const USAGE = `npm run release -- [--only PLATFORM]... [--key NAME [--keyring FILE] [--passphrase-file FILE]]

  --only             build for this platform alone: ${TARGETS.map(({ name }) => name).join(', ')}
  --key              sign with this key of gpg ($HELM_S3_SIGNING_KEY)
  --keyring          take it from this file of exported secret keys ($HELM_S3_SIGNING_KEYRING)
  --passphrase-file  its passphrase ($HELM_S3_SIGNING_PASSPHRASE_FILE)
`
const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')
/** Tar and zip know no time before 1980. */
const LONG_AGO = 315_532_800

try {
  const { targets, key } = readFlags()
  const { name, version } = await readVersion()
  const draft = await mkdtemp(join(DIST, '.release-'))
  try {
    const archives: Signed[] = []
    for (const target of targets)
      archives.push({ plugin: name, version, ...(await buildArchive(target, version, draft)) })
    const lines = archives
      .map(({ archive, sha256 }) => `${sha256}  ${archive}\n`)
      .sort((a, b) => (a.slice(64) < b.slice(64) ? -1 : 1))
    await writeFile(join(draft, `helm-s3_${version}_checksums.txt`), lines.join(''))
    if (key !== undefined) await writeProvenances(draft, archives, key)
    await chmod(draft, 0o755)
    await rm(join(DIST, 'release'), { recursive: true, force: true })
    await rename(draft, join(DIST, 'release'))
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
} catch (error) {
  process.stderr.write(`release: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function buildArchive(
  target: Target,
  version: string,
  folder: string,
): Promise<{ readonly archive: string; readonly sha256: string }> {
  const name = `helm-s3_${version}_${target.name}`
  const archive = `${name}.tar.gz`
  const workshop = await mkdtemp(join(DIST, '.draft-'))
  try {
    const executable = join(workshop, target.program)
    await compile(join(DIST, 'helm-s3.bundle.cjs'), target, version, executable)
    const time = new Date(Number(process.env['SOURCE_DATE_EPOCH'] ?? LONG_AGO) * 1000)
    await writeTarball(join(folder, archive), await pluginFiles(name, target, executable), time)
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
  const sha256 = await sha256Of(join(folder, archive))
  process.stdout.write(`${sha256}  ${archive}\n`)
  return { archive, sha256 }
}

/** The name and version of the plugin, which stands in two files. */
async function readVersion(): Promise<{ readonly name: string; readonly version: string }> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }
  const manifest = parse(await readFile(join(ROOT, 'plugin.yaml'), 'utf8')) as {
    readonly name: string
    readonly version: string
  }
  if (manifest.version !== version)
    throw new Error(`package.json has the version ${version}, plugin.yaml ${manifest.version}`)
  await mkdir(DIST, { recursive: true })
  return { name: manifest.name, version }
}

function readFlags(): { readonly targets: readonly Target[]; readonly key: SigningKey | undefined } {
  const { only = [], key, keyring, 'passphrase-file': passphraseFile } = parseFlags()
  const unknown = only.find((name) => !TARGETS.some((target) => target.name === name))
  if (unknown !== undefined) throw new Error(`there is no platform ${unknown}\n\n${USAGE}`)
  const { HELM_S3_SIGNING_KEY, HELM_S3_SIGNING_KEYRING, HELM_S3_SIGNING_PASSPHRASE_FILE } = process.env
  const name = key ?? HELM_S3_SIGNING_KEY
  if (name === undefined && (keyring !== undefined || passphraseFile !== undefined))
    throw new Error(`--keyring and --passphrase-file go with --key\n\n${USAGE}`)
  return {
    targets: only.length === 0 ? TARGETS : TARGETS.filter((target) => only.includes(target.name)),
    key:
      name === undefined
        ? undefined
        : {
            name,
            keyring: keyring ?? HELM_S3_SIGNING_KEYRING,
            passphraseFile: passphraseFile ?? HELM_S3_SIGNING_PASSPHRASE_FILE,
          },
  }
}

function parseFlags(): {
  readonly only?: string[]
  readonly key?: string
  readonly keyring?: string
  readonly 'passphrase-file'?: string
} {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      options: { only: { ...text, multiple: true }, key: text, keyring: text, 'passphrase-file': text },
    }).values
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, { cause: error })
  }
}
