/** A platform that an executable is built for. */
export interface Target {
  /** As in the names of release files: `linux_amd64`, `linux_arm64_musl`. */
  readonly name: string
  /** As `process.platform`. */
  readonly os: 'darwin' | 'linux' | 'win32'
  /** As `process.arch`. */
  readonly cpu: 'arm64' | 'x64'
  readonly libc: 'glibc' | 'musl'
  /** Name of the program in dist/. */
  readonly program: 'helm-s3' | 'helm-s3.exe'
}

function target(name: string, os: Target['os'], cpu: Target['cpu'], libc: Target['libc'] = 'glibc'): Target {
  return { name, os, cpu, libc, program: os === 'win32' ? 'helm-s3.exe' : 'helm-s3' }
}

export const TARGETS: readonly Target[] = [
  target('linux_amd64', 'linux', 'x64'),
  target('linux_arm64', 'linux', 'arm64'),
  target('linux_amd64_musl', 'linux', 'x64', 'musl'),
  target('linux_arm64_musl', 'linux', 'arm64', 'musl'),
  target('darwin_amd64', 'darwin', 'x64'),
  target('darwin_arm64', 'darwin', 'arm64'),
  target('windows_amd64', 'win32', 'x64'),
]

/** The platform of this machine. @throws Error when there is no build for it */
export function hostTarget(): Target {
  const { platform, arch } = process
  const libc = platform === 'linux' && !hasGlibc() ? 'musl' : 'glibc'
  const found = TARGETS.find((entry) => entry.os === platform && entry.cpu === arch && entry.libc === libc)
  if (found === undefined)
    throw new Error(`there is no executable for ${platform} on ${arch}; the bundle runs on Node.js there`)
  return found
}

function hasGlibc(): boolean {
  const { header } = process.report.getReport() as { readonly header: { readonly glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime !== undefined
}

/** What `bun build --target` calls it. */
export function bunTarget({ os, cpu, libc }: Target): string {
  return `bun-${os === 'win32' ? 'windows' : os}-${cpu}${libc === 'musl' ? '-musl' : ''}`
}
