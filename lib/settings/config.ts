import { homedir } from 'node:os'
import { posix, win32 } from 'node:path'
import { type Environment, isGoTrue } from './environment.ts'

/** Helm on this machine, as far as this program uses it. */
export interface HelmFiles {
  /** Path or name of the `helm` program. */
  readonly program: string
  /** `repositories.yaml`. */
  readonly repositoriesFile: string
  /** Holds `<repository>-index.yaml` and `<repository>-charts.txt`. */
  readonly cacheFolder: string
}

/** What the environment says. Never holds credentials: those are for the adapter of the store alone. */
export interface Config {
  readonly helm: HelmFiles
  /** Content-Type of chart archives. */
  readonly chartContentType: string
  readonly isVerbose: boolean
  /** An exit status for each kind of error, instead of 1 for all. */
  readonly hasFineExitCodes: boolean
  /** Whether results may be coloured on a terminal (https://no-color.org). */
  readonly hasColor: boolean
  /** The login name, for the log. */
  readonly user: string | undefined
}

/** The only reader of the environment beside `lib/settings/`. An empty variable counts as absent. */
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
 * Helm exports both variables to a plugin; the rest is for a call without Helm (helm/helm pkg/helmpath/lazypath.go).
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
