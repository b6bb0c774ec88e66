import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'
import { type Environment, isGoTrue } from './environment.ts'

/** What this program needs to know about Helm on this machine. */
export interface HelmFiles {
  /** Path or name of the `helm` program. */
  readonly program: string
  /** The path of `repositories.yaml`. */
  readonly repositoriesFile: string
  /** The folder that holds `<repository>-index.yaml` and `<repository>-charts.txt`. */
  readonly cacheFolder: string
}

/** What the environment says. It never holds credentials: only the S3 adapter reads those. */
export interface Config {
  readonly helm: HelmFiles
  /** The Content-Type of chart archives. */
  readonly chartContentType: string
  readonly isVerbose: boolean
  /** Whether each kind of error has its own exit status, instead of 1 for all. */
  readonly hasFineExitCodes: boolean
  /** Whether results may be coloured on a terminal (https://no-color.org). */
  readonly hasColor: boolean
  /** The login name, for `helm s3 log`. */
  readonly user: string | undefined
}

/**
 * Reads the environment. An empty variable counts as absent. Nothing else reads the environment, except
 * `lib/settings/`.
 */
export function readConfig(env: Environment, platform: NodeJS.Platform = process.platform): Config {
  const read = (name: string): string | undefined => (env[name] === '' ? undefined : env[name])
  return {
    helm: helmFiles(read, platform),
    chartContentType: read('S3_CHART_CONTENT_TYPE') ?? 'application/gzip',
    isVerbose: isGoTrue(read('HELM_DEBUG')) || isGoTrue(read('HELM_S3_VERBOSE')),
    hasFineExitCodes: read('HELM_S3_EXIT_CODES') === 'fine',
    hasColor: read('NO_COLOR') === undefined && read('TERM') !== 'dumb',
    user: read('USER') ?? read('LOGNAME') ?? read('USERNAME'),
  }
}

/**
 * Helm exports both variables to a plugin. The rest is for a call without Helm (helm/helm pkg/helmpath/lazypath.go).
 */
function helmFiles(read: (name: string) => string | undefined, platform: NodeJS.Platform): HelmFiles {
  const join = (...parts: string[]): string => (platform === 'win32' ? win32 : posix).join(...parts)
  const home = (): string => read(platform === 'win32' ? 'USERPROFILE' : 'HOME') ?? homedir()
  const defaults = (): { readonly config: string; readonly cache: string } => {
    if (platform === 'win32') return { config: read('APPDATA') ?? home(), cache: read('TEMP') ?? home() }
    if (platform === 'darwin')
      return { config: join(home(), 'Library', 'Preferences'), cache: join(home(), 'Library', 'Caches') }
    return { config: join(home(), '.config'), cache: join(home(), '.cache') }
  }
  const config = (): string => read('HELM_CONFIG_HOME') ?? join(read('XDG_CONFIG_HOME') ?? defaults().config, 'helm')
  const cache = (): string => read('HELM_CACHE_HOME') ?? join(read('XDG_CACHE_HOME') ?? defaults().cache, 'helm')
  return {
    program: read('HELM_BIN') ?? 'helm',
    repositoriesFile: read('HELM_REPOSITORY_CONFIG') ?? join(config(), 'repositories.yaml'),
    cacheFolder: read('HELM_REPOSITORY_CACHE') ?? join(cache(), 'repository'),
  }
}
