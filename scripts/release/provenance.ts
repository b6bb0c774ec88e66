import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../run.ts'

export interface SigningKey {
  /** Name, address or fingerprint, as gpg's `--local-user` takes it. */
  readonly name: string
  /** A file of exported secret keys; undefined: the keyring of the user. */
  readonly keyring: string | undefined
  readonly passphraseFile: string | undefined
}

/** What a provenance file vouches for. */
export interface Signed {
  /** Name and version of the plugin. */
  readonly plugin: string
  readonly version: string
  /** Name of the archive, and its SHA-256 in hex. */
  readonly archive: string
  readonly sha256: string
}

/**
 * Writes the provenance file of each archive beside it: a message signed in the clear, with the digest by the name of
 * the archive (helm/helm internal/plugin/sign.go). The name that Helm 4 keeps an installed archive under is vouched
 * for, too: else `helm plugin list` would call the plugin's provenance mismatched.
 * @throws Error when gpg is missing, does not know the key, or cannot open it
 */
export async function writeProvenances(folder: string, all: readonly Signed[], key: SigningKey): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'gpg-'))
  const ownHome = key.keyring === undefined ? [] : ['--homedir', home]
  const passphrase =
    key.passphraseFile === undefined ? [] : ['--pinentry-mode', 'loopback', '--passphrase-file', key.passphraseFile]
  const gpg = (args: readonly string[], input?: string): Promise<string> =>
    run('gpg', ['--quiet', '--batch', ...ownHome, ...passphrase, ...args], input === undefined ? {} : { input })
  try {
    if (key.keyring !== undefined) await gpg(['--import', key.keyring])
    for (const signed of all) {
      const text = await gpg(['--digest-algo', 'SHA512', '--local-user', key.name, '--clearsign'], message(signed))
      await writeFile(join(folder, `${signed.archive}.prov`), text)
    }
  } finally {
    // The agent that gpg has started for this keyring.
    if (key.keyring !== undefined)
      await run('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']).catch(() => undefined)
    await rm(home, { recursive: true, force: true })
  }
}

function message({ archive, plugin, sha256, version }: Signed): string {
  const files = [archive, `${plugin}-${version}.tgz`].map((name) => `  ${name}: sha256:${sha256}\n`)
  return `name: ${plugin}\nversion: ${version}\n\n...\nfiles:\n${files.join('')}`
}
