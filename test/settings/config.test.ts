import assert from 'node:assert/strict'
import { readConfig } from '../../lib/settings/config.ts'

describe('config', () => {
  it("takes Helm's files from what Helm exports", () => {
    const env = {
      HELM_REPOSITORY_CONFIG: '/h/repositories.yaml',
      HELM_REPOSITORY_CACHE: '/h/cache',
      HELM_CONFIG_HOME: '/no',
    }
    const files = { repositoriesFile: '/h/repositories.yaml', cacheFolder: '/h/cache' }
    assert.deepEqual(readConfig(env, 'linux').helm, { ...files, program: 'helm' })
    assert.deepEqual(readConfig({ ...env, HELM_BIN: '/bin/helm4' }, 'linux').helm, { ...files, program: '/bin/helm4' })
  })

  const places: readonly (readonly [string, NodeJS.Platform, Record<string, string>, string, string])[] = [
    [
      'Linux',
      'linux',
      { HOME: '/home/me' },
      '/home/me/.config/helm/repositories.yaml',
      '/home/me/.cache/helm/repository',
    ],
    [
      'macOS',
      'darwin',
      { HOME: '/Users/me' },
      '/Users/me/Library/Preferences/helm/repositories.yaml',
      '/Users/me/Library/Caches/helm/repository',
    ],
    [
      'Windows',
      'win32',
      { APPDATA: 'C:\\A', TEMP: 'C:\\T' },
      'C:\\A\\helm\\repositories.yaml',
      'C:\\T\\helm\\repository',
    ],
    [
      'Windows without its own variables',
      'win32',
      { USERPROFILE: 'C:\\Users\\me' },
      'C:\\Users\\me\\helm\\repositories.yaml',
      'C:\\Users\\me\\helm\\repository',
    ],
    [
      'Helm folders on Windows, with either separator',
      'win32',
      { APPDATA: 'C:\\A', TEMP: 'C:\\T', HELM_CONFIG_HOME: 'D:/c d', HELM_CACHE_HOME: '\\\\host\\k' },
      'D:\\c d\\repositories.yaml',
      '\\\\host\\k\\repository',
    ],
    [
      'XDG folders on macOS',
      'darwin',
      { HOME: '/Users/me', XDG_CONFIG_HOME: '/c', XDG_CACHE_HOME: '/k' },
      '/c/helm/repositories.yaml',
      '/k/helm/repository',
    ],
    [
      'XDG folders',
      'linux',
      { XDG_CONFIG_HOME: '/c', XDG_CACHE_HOME: '/k' },
      '/c/helm/repositories.yaml',
      '/k/helm/repository',
    ],
    [
      'Helm folders, as they are',
      'linux',
      { HELM_CONFIG_HOME: '/c', HELM_CACHE_HOME: '/k' },
      '/c/repositories.yaml',
      '/k/repository',
    ],
  ]
  for (const [name, platform, env, repositoriesFile, cacheFolder] of places) {
    it(`finds them where Helm keeps them when Helm exports nothing: ${name}`, () => {
      assert.deepEqual(readConfig(env, platform).helm, { repositoriesFile, cacheFolder, program: 'helm' })
    })
  }

  it('takes an empty variable for an absent one', () => {
    const { chartContentType, user } = readConfig({ S3_CHART_CONTENT_TYPE: '', USER: '', LOGNAME: 'me' })
    assert.deepEqual([chartContentType, user], ['application/gzip', 'me'])
  })

  it('reads the variables of the Go plugin', () => {
    assert.equal(readConfig({ S3_CHART_CONTENT_TYPE: 'application/x' }).chartContentType, 'application/x')
  })

  it('is verbose when Helm debugs', () => {
    assert.equal(readConfig({ HELM_DEBUG: 'true' }).isVerbose, true)
    assert.equal(readConfig({ HELM_S3_VERBOSE: '1' }).isVerbose, true)
    assert.equal(readConfig({ HELM_DEBUG: 'false' }).isVerbose, false)
    assert.equal(readConfig({}).isVerbose, false)
  })
})
