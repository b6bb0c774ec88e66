import assert from 'node:assert/strict'
import { provideHome } from '../../lib/sys/home.ts'

describe('the home folder', () => {
  const nobody = (): string => {
    throw new Error('uv_os_get_passwd returned ENOENT (no such file or directory)')
  }
  const homeWith = (
    env: Record<string, string>,
    find: () => string,
    platform: NodeJS.Platform = 'linux',
  ): string | undefined => {
    const given: Record<string, string | undefined> = { ...env }
    provideHome(given, platform, find)
    return given['HOME']
  }

  it('is that of the environment', () => {
    assert.equal(homeWith({ HOME: '/home/me' }, nobody), '/home/me')
  })

  it('is that of the user where the environment names none, or an empty one', () => {
    assert.equal(
      homeWith({}, () => '/home/me'),
      '/home/me',
    )
    assert.equal(
      homeWith({ HOME: '' }, () => '/home/me'),
      '/home/me',
    )
  })

  it('is the root where the system knows nothing of the user', () => {
    assert.equal(homeWith({}, nobody), '/')
    assert.equal(homeWith({ HOME: '' }, nobody), '/')
    assert.equal(
      homeWith({}, () => ''),
      '/',
    )
  })

  it('is left alone on Windows', () => {
    assert.equal(homeWith({}, nobody, 'win32'), undefined)
  })
})
